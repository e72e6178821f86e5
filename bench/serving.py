"""A process that is measured: it answers requests, a line of JSON each, until there are no more."""

import json
import os
import sys
from collections.abc import Callable
from typing import Any, Final

READY: Final = {"ready": True}


def serve(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer on what was standard output at first; all else that is printed there is dropped, as it is made."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
        print(json.dumps(READY), file=out, flush=True)
        for line in sys.stdin:
            print(json.dumps(answer(json.loads(line))), file=out, flush=True)
