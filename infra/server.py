"""The moto server, on a socket that is already listening: `python -m infra.server FD`.

moto answers each request in a thread of its own, but changes a queue's list of messages without a lock, and an object
between the check of `If-Match` and the write. It also works out the time anew, slowly, for each message of a queue at
each request: with 1,000 messages a request takes seconds. Here these steps are atomic, and the time is cheap.
"""

import logging
import sys
import time
from collections.abc import Callable
from functools import wraps
from threading import RLock
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3.responses import S3Response
from moto.sqs.models import Message, Queue, SQSBackend
from werkzeug.serving import make_server

from infra.place import HOST


def main(arguments: list[str]) -> None:
    """Serve until the process is ended."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # else a line for each request
    mend_moto()
    application = DomainDispatcherApplication(create_backend_app)
    descriptor = int(arguments[0])
    make_server(HOST, 0, application, threaded=True, request_handler=MotoRequestHandler, fd=descriptor).serve_forever()


def mend_moto() -> None:
    """Make what moto does to queues and objects atomic, in this process.

    A queue's own lock is what its receivers wait on, so that one that waits lets go of it meanwhile.
    """
    writing = RLock()
    changes = {
        (Queue, "add_message"): _locked(Queue.add_message, _lock_of),
        (Queue, "delete_message"): _locked(Queue.delete_message, _lock_of),
        (SQSBackend, "receive_message"): _locked(SQSBackend.receive_message, _lock_of_named),
        (SQSBackend, "change_message_visibility"): _locked(SQSBackend.change_message_visibility, _lock_of_named),
        (S3Response, "put_object"): _locked(S3Response.put_object, lambda *_: writing),
        (Message, "visible"): property(lambda message: time.time() * 1000 > message.visible_at),
        (Message, "delayed"): property(lambda message: time.time() * 1000 < message.delayed_until),
    }
    for (owner, name), changed in changes.items():
        setattr(owner, name, changed)


def _locked(function: Callable[..., Any], lock: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def atomic(owner: Any, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401  # moto's values, whatever they are
        with lock(owner, *arguments, **named):
            return function(owner, *arguments, **named)

    return atomic


def _lock_of(queue: Queue, *_: object, **__: object) -> Any:  # noqa: ANN401  # likewise
    return queue._messages_lock  # noqa: SLF001  # moto offers no other way to it


def _lock_of_named(backend: SQSBackend, queue_name: str, *_: object, **__: object) -> Any:  # noqa: ANN401  # likewise
    return _lock_of(backend.get_queue(queue_name))


if __name__ == "__main__":
    main(sys.argv[1:])
