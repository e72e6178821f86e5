"""Run a module as `python -m` does, for as long as the process that started it lives.

`python -m infra.lifeline FD MODULE ARGUMENT…`: FD is the reading end of a pipe whose writing end the parent alone holds
and never writes to. It ends when the parent does, even by `kill -9`, on Linux and macOS alike.
"""

import os
import runpy
import select
import sys
import threading
from typing import Final

_LAST_SECONDS: Final = 0.5
"""Within which processes that end together do."""


def main(arguments: list[str]) -> None:
    """Watch the pipe, and run the module in the meantime."""
    descriptor, module, *rest = arguments
    threading.Thread(target=_end_with_parent, args=(int(descriptor),), daemon=True).start()
    sys.argv = [module, *rest]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except Exception:
        if select.select([int(descriptor)], [], [], _LAST_SECONDS)[0]:
            os._exit(1)  # it failed because all else ends too, which is nothing to tell
        raise


def _end_with_parent(descriptor: int) -> None:
    os.read(descriptor, 1)
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
