"""Several handlers on one bucket, advanced call by call in whatever order a test says, and killed where it says."""

import threading
from collections.abc import Callable

JOIN_SECONDS = 30.0


class Killed(BaseException):
    """The handler's process is gone: nothing in it may catch this."""


class Run:
    """One invocation in a thread of its own that stands still before each call to S3 or SQS until it is let go."""

    def __init__(self, body: Callable[[], object]) -> None:
        self.done = False
        self.wrote = False
        """Whether it ever asked to write an object."""
        self.answer: object = None
        self.failure: Exception | None = None
        self._body = body
        self._kill = False
        self._go = threading.Semaphore(0)
        self._stopped = threading.Semaphore(0)
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def step(self) -> None:
        """Let it make one call, up to the next one or the end."""
        self._go.release()
        assert self._stopped.acquire(timeout=JOIN_SECONDS), "the handler neither called nor ended"

    def kill(self) -> None:
        """End it instead of letting it make its next call."""
        self._kill = True
        self.step()

    def pause(self, call: str) -> None:
        """Called in its own thread, before each of its calls."""
        self.wrote = self.wrote or call == "put"
        self._stopped.release()
        self._go.acquire()
        if self._kill:
            raise Killed

    def _work(self) -> None:
        self._go.acquire()
        try:
            if not self._kill:
                self.answer = self._body()
        except Killed:
            pass
        except Exception as error:  # noqa: BLE001  # Lambda reports any error of a function and goes on
            self.failure = error
        finally:
            self.done = True
            self._stopped.release()


class Runs:
    """The invocations under way; `before` is what their store and queue call first."""

    def __init__(self) -> None:
        self.active: list[Run] = []

    def before(self, call: str) -> None:
        """Hold the calling handler; calls from elsewhere go through."""
        for run in self.active:
            if run.thread is threading.current_thread():
                run.pause(call)

    def start(self, body: Callable[[], object]) -> Run:
        """Begin another invocation; it makes no call before its first step."""
        run = Run(body)
        self.active.append(run)
        return run
