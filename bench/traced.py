"""The function with a note of when its parts begin and end, from outside: at its libraries' own edges.

Where the handler does things at once, parts overlap. What it does without these libraries is in no part.
"""

import time

BEGUN = time.time()

import functools  # noqa: E402  # the handler's imports are what is timed
from collections.abc import Callable  # noqa: E402  # likewise
from typing import Any  # noqa: E402  # likewise

import handler.app  # noqa: E402  # likewise

IMPORTED = time.time()

import onnxruntime  # noqa: E402  # the handler has imported them, or will
from botocore.client import BaseClient  # noqa: E402  # likewise
from botocore.session import Session  # noqa: E402  # likewise

_SPANS: list[tuple[str, float, float]] = []


def _noted(owner: Any, method: str, name: Callable[..., str]) -> None:  # noqa: ANN401  # a class of any library
    inner = getattr(owner, method)

    @functools.wraps(inner)
    def call(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401  # whatever it takes
        begun = time.time()
        try:
            return inner(*arguments, **options)
        finally:
            _SPANS.append((name(*arguments), begun, time.time()))

    setattr(owner, method, call)


_noted(Session, "create_client", lambda *_: "client")
_noted(onnxruntime.InferenceSession, "__init__", lambda *_: "load")
_noted(onnxruntime.InferenceSession, "run", lambda *_: "run")
_noted(BaseClient, "_make_api_call", lambda _self, operation, asked: f"{operation} {asked.get('Key', '')}")


def lambda_handler(event: object, context: Any) -> dict[str, Any]:  # noqa: ANN401  # Lambda's
    """Hand the event on; the reply is the notes."""
    handler.app.lambda_handler(event, context)
    return {"spans": [("import", BEGUN, IMPORTED), *_SPANS]}
