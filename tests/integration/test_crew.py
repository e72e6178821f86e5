"""Pictures that are read in other processes, as the handler has them."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from handler import companion
from handler.batches import read_batch
from handler.classify import classify
from handler.contents import SNIFF_BYTES, sniff
from handler.crew import WORTH, Crew
from handler.errors import LostError
from handler.members import Packed, pack
from handler.predictions import write_csv
from handler.settings import Settings
from handler.stopwatch import Stopwatch
from tests.doubles import RowClassifier, bar, encoded
from tests.processes import wait_for
from tests.stacks import ROOT
from tests.unit.test_fast_paths import BATCHES

SETTINGS = Settings("digits", probabilities=True, workers=1, group_size=32)


def packed(name: str = "a") -> Packed:
    """A picture that may be read elsewhere."""
    found = pack(encoded(bar(4, 20)), name, SETTINGS)
    assert found
    return found


def noise(high: int, wide: int) -> NDArray[np.uint8]:
    """Pixels that cannot be packed into fewer bytes than they are."""
    return np.random.default_rng(0).integers(0, 256, (high, wide), np.uint8)


@contextmanager
def ready(amount: int = 1) -> Iterator[Crew]:
    """A crew whose processes, or those of them that can be had, have begun; the first is ready."""
    with closing(Crew(amount)) as found:
        found.note(WORTH)
        await_ready(found)
        yield found


@pytest.fixture
def others() -> set[int]:
    """Children that this process has of another test's, or of pytest's."""
    return pids()


@pytest.fixture
def crew(others: set[int]) -> Iterator[Crew]:
    """One process beside this one, ready."""
    assert others is not None  # it is looked at before
    with ready() as found:
        yield found


@pytest.fixture
def pid(crew: Crew, others: set[int]) -> int:
    """Of the crew's process."""
    assert crew
    (found,) = pids() - others
    return found


def await_ready(crew: Crew) -> None:
    """Until it takes a picture, which it then has read."""

    def took() -> bool:
        future = crew.take([packed()])
        return bool(future and future.result())

    wait_for(took, "a process that reads")


def pids() -> set[int]:
    """This process's children."""
    found = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return {int(pid) for path in found for pid in path.read_text(encoding="ascii").split()}


linux = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="there is no /proc to see processes in")


def csv_of(name: str, crew: Crew) -> bytes:
    """The CSV of a batch, with the crew's help."""
    file, data = io.BytesIO(), BATCHES[name]
    pictures = read_batch(io.BytesIO(data), sniff(data[:SNIFF_BYTES], name), name, SETTINGS)
    rows = classify(pictures, RowClassifier(), SETTINGS, Stopwatch(lambda: 0.0), crew)
    write_csv(rows, file, probabilities=True)
    return file.getvalue()


@pytest.mark.parametrize("name", BATCHES)
def test_no_byte_of_a_csv_depends_on_who_read_the_pictures(name: str, crew: Crew) -> None:
    """Every format, in zip and tar, broken ones among them; an archive that is cut off; an array."""
    taken: list[int] = []
    take = crew.take

    def noted(pictures: list[Packed]) -> object:
        future = take(pictures)
        taken.append(len(pictures) if future else 0)
        return future

    crew.take = noted  # type: ignore[method-assign, assignment]  # it is looked at
    assert csv_of(name, crew) == csv_of(name, Crew(0))
    assert any(taken) == (name not in ("cut.zip", "x.idx3-ubyte"))  # of which there is nothing to be sent


def test_none_is_begun_before_it_is_worth_it() -> None:
    """A process takes as long to begin as reading thousands of small pictures: a small drop has none."""
    crew = Crew(1)
    before = pids()
    crew.note(WORTH * 0.9)
    assert crew.take([packed()]) is None
    assert pids() == before
    crew.note(WORTH * 0.2)
    await_ready(crew)
    crew.note(WORTH * 9)
    assert len(pids() - before) in (0, 1)  # where there is no /proc none is seen
    crew.close()
    assert crew.take([packed()]) is None


def test_there_is_none_where_none_is_wanted() -> None:
    """However much is read: on one processor another process only takes memory."""
    crew = Crew(0)
    before = pids()
    crew.note(WORTH * 100)

    assert crew.take([packed()]) is None
    assert pids() == before


@linux
def test_a_process_has_a_few_groups_at_a_time(crew: Crew, pid: int) -> None:
    """Who reads on meanwhile reads the next group itself; so nobody waits for anybody."""
    os.kill(pid, signal.SIGSTOP)
    begun = [crew.take([packed(f"{number}")] * 200) for number in range(20)]
    os.kill(pid, signal.SIGCONT)
    taken = [future for future in begun if future]

    assert 2 <= len(taken) < 20
    for future in taken:
        assert len(future.result()) == 200


def test_a_process_has_two_large_groups_waiting(crew: Crew) -> None:
    """Beside the one that it is at: with one it would wait for the next while this process reads a group itself."""
    data = encoded(noise(120, 3200))
    group = [Packed("a", data, 1, SETTINGS.max_pixels)]
    assert 380_000 < len(data) < 393_216
    begun = [crew.take(group) for _ in range(3)]

    assert all(begun)
    for future in begun:
        assert future
        assert len(future.result()) == 1


@linux
def test_a_process_is_short_of_groups_until_it_has_three(crew: Crew, pid: int) -> None:
    """None that is not there, not ready or has ended is short of any."""
    assert crew.is_short()
    os.kill(pid, signal.SIGSTOP)
    for expected in (True, True, False):
        assert crew.take([packed()])
        assert crew.is_short() == expected
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: crew.take([packed()]) is None, "its end")

    assert not crew.is_short()
    assert not Crew(1).is_short()


@linux
def test_who_gave_up_what_waits_does_not_wait_behind_it(crew: Crew, pid: int) -> None:
    """The process still reads it; the next batch is read here until then, and there from then on."""
    os.kill(pid, signal.SIGSTOP)
    first, second = (crew.take([packed("a")] * 300) for _ in range(2))
    assert first
    assert second
    assert second.cancel()
    assert crew.take([packed()]) is None
    os.kill(pid, signal.SIGCONT)
    assert len(first.result()) == 300

    await_ready(crew)
    assert second.cancelled()


def test_several_may_ask_at_once(crew: Crew) -> None:
    """Threads of several invocations share the processes: each gets what was made of its own pictures."""
    pictures = [[packed(f"{group}/{number}") for number in range(1 + group % 3)] for group in range(6000)]

    def ask(group: list[Packed]) -> list[str]:
        while not (future := crew.take(group)):
            time.sleep(0)
        return [picture.name for picture, _ in future.result()]

    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that whatever can come between is likely to
    try:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(ask, pictures))
    finally:
        sys.setswitchinterval(usual)
    assert found == [[picture.name for picture in group] for group in pictures]


@linux
def test_a_killed_process_loses_no_picture(crew: Crew, pid: int, caplog: pytest.LogCaptureFixture) -> None:
    """Nor is it begun again: what killed it may do so every time. All of it is in the log, once."""
    os.kill(pid, signal.SIGSTOP)
    future = crew.take([packed()])
    assert future
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(LostError):
        future.result()

    assert csv_of("pngs.zip", crew) == csv_of("pngs.zip", Crew(0))
    crew.note(WORTH * 9)
    assert crew.take([packed()]) is None
    assert len([record for record in caplog.records if "has ended" in record.message]) == 1


@linux
def test_one_that_is_killed_in_mid_batch_loses_no_picture(crew: Crew, pid: int) -> None:
    """What it had is read again; the CSV is the same."""
    take, count = crew.take, 0

    def killing(pictures: list[Packed]) -> object:
        nonlocal count
        count += 1
        future = take(pictures)
        if count == 3:
            os.kill(pid, signal.SIGKILL)
        return future

    crew.take = killing  # type: ignore[method-assign, assignment]  # it is disturbed
    assert csv_of("corpus.zip", crew) == csv_of("corpus.zip", Crew(0))
    assert count > 3


def test_what_cannot_be_understood_is_read_again(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for an answer that never comes."""

    def raising(*_: object) -> None:
        raise ValueError("nonsense")

    monkeypatch.setattr(companion, "read_of", raising)
    future = crew.take([packed()])
    assert future
    with pytest.raises(LostError):
        future.result()
    assert csv_of("pngs.zip", crew) == csv_of("pngs.zip", Crew(0))


@linux
def test_half_an_answer_is_never_taken_for_the_next(crew: Crew, pid: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is interrupted while it takes an answer has ended the process: what is left of it in the pipe is none."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    os.kill(pid, signal.SIGSTOP)
    future, other = crew.take([packed("a")]), crew.take([packed("b")])
    assert future
    assert other
    with monkeypatch.context() as patch:
        patch.setattr(companion, "answered", interrupted)
        with pytest.raises(KeyboardInterrupt):
            future.result()
    for lost in (future, other):
        with pytest.raises(LostError):
            lost.result()
    assert crew.take([packed()]) is None


@linux
def test_answers_wait_until_somebody_looks(crew: Crew, pid: int) -> None:
    """They lie in the pipe meanwhile; who looks for one has those that came before it too."""
    os.kill(pid, signal.SIGSTOP)
    futures = [crew.take([packed()] * 9) for _ in range(4)]
    os.kill(pid, signal.SIGCONT)
    assert all(futures)
    last = futures[-1]
    assert last
    wait_for(last.done, "the last answer")
    os.kill(pid, signal.SIGSTOP)

    assert all(len(future.result()) == 9 for future in futures if future)


def test_half_a_question_is_never_answered(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails while pictures are written ends the process: its next answer could be taken for another's."""
    write = os.write

    def failing(file: int, message: bytes) -> None:
        write(file, message[:9])
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr("handler.process.os.write", failing)
        with pytest.raises(MemoryError):
            crew.take([packed("a")])
    future = crew.take([packed("b")])
    if future:
        with pytest.raises(LostError):
            future.result()
    assert csv_of("pngs.zip", crew) == csv_of("pngs.zip", Crew(0))


@linux
def test_those_that_could_be_begun_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no memory for a second process, the first reads, and is ended with the others."""
    begin, before = subprocess.Popen, pids()
    begun: list[object] = []

    def once(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401  # whatever it takes
        if begun:
            raise OSError("no memory")
        begun.append(begin(*arguments, **options))
        return begun[0]

    monkeypatch.setattr("handler.process.subprocess.Popen", once)
    with ready(2):
        pass
    assert pids() == before


def test_nothing_is_lost_where_no_process_can_be_begun(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is in the log, and all is read in one process."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError("no")

    crew, before = Crew(1), pids()
    monkeypatch.setattr("handler.process.subprocess.Popen", refuse)
    crew.note(WORTH)
    crew.note(WORTH)

    assert crew.take([packed()]) is None
    assert pids() == before
    assert len([record for record in caplog.records if "no process can be begun" in record.message]) == 1


@linux
def test_pipes_may_be_narrow(monkeypatch: pytest.MonkeyPatch, others: set[int]) -> None:
    """Where a system allows no wider ones they are as they are, and only waited for sooner."""
    begin = subprocess.Popen

    def refuse(*arguments: Any, pipesize: int = -1, **options: Any) -> Any:  # noqa: ANN401  # whatever it takes
        if pipesize > 0:
            raise PermissionError("pipes of that size")
        return begin(*arguments, **options)

    monkeypatch.setattr("handler.process.subprocess.Popen", refuse)
    large = [Packed("a", encoded(noise(200, 200)), 1, SETTINGS.max_pixels)]
    with ready() as crew:
        assert csv_of("corpus.zip", crew) == csv_of("corpus.zip", Crew(0))
        await_ready(crew)  # it may be at what was read here too
        (pid,) = pids() - others
        os.kill(pid, signal.SIGSTOP)
        futures = [crew.take(pictures) for pictures in ([packed()], large, large)]
    assert [bool(future) for future in futures] == [True, True, False]  # one is as if in work, one in the pipe


@pytest.mark.parametrize("pipe_bytes", [4096, 1 << 20])
def test_nobody_waits_for_who_waits_for_them(monkeypatch: pytest.MonkeyPatch, pipe_bytes: int) -> None:
    """What is asked and what is answered may both be more than their pipes hold, which is not what was asked for."""
    begin = subprocess.Popen

    def narrow(*arguments: Any, pipesize: int = -1, **options: Any) -> Any:  # noqa: ANN401  # whatever it takes
        return begin(*arguments, pipesize=pipe_bytes if pipesize > 0 else pipesize, **options)

    monkeypatch.setattr("handler.process.subprocess.Popen", narrow)
    many = [packed()] * 4000  # whose pixels are three megabytes
    with ready() as crew:
        futures = [crew.take(many) for _ in range(3)]
        assert all(futures)
        assert [len(future.result()) for future in futures if future] == [4000] * 3


@linux
def test_who_gives_up_what_a_process_had_as_it_ends_hurts_nobody(crew: Crew, pid: int) -> None:
    """The others learn that it has ended, and so does whoever asks twice."""
    os.kill(pid, signal.SIGSTOP)
    first, second = crew.take([packed("a")]), crew.take([packed("b")])
    assert first
    assert second
    assert first.set_running_or_notify_cancel()
    first.set_result([])
    os.kill(pid, signal.SIGKILL)

    for _ in range(2):
        with pytest.raises(LostError):
            second.result()
    assert crew.take([packed()]) is None


@linux
def test_a_process_ends_with_the_one_that_it_reads_for() -> None:
    """Even where that one is killed; but Ctrl-C, which reaches both, is for the first of them."""
    program = """
import os, signal, sys, time
from handler.crew import Crew, WORTH
from tests.integration.test_crew import await_ready, packed, pids
crew = Crew(1)
crew.note(WORTH)
await_ready(crew)
(pid,) = pids()
os.kill(pid, signal.SIGINT)
assert len(crew.take([packed()]).result()) == 1
print(pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen(  # noqa: S603  # our own program
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        pid = int(process.stdout.readline())
        assert Path(f"/proc/{pid}").exists()
        process.kill()
        process.wait()
    wait_for(lambda: not Path(f"/proc/{pid}").exists(), "the other's end")


def test_what_is_printed_there_is_no_answer(crew: Crew, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A library that prints in the other process does not break what comes from it."""
    assert crew
    (tmp_path / "sitecustomize.py").write_text(
        "import os, threading\ndef loud():\n    while True: os.write(1, b'loud')\nthreading.Timer(2, loud).start()\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with ready() as loud:
        time.sleep(2.5)
        future = loud.take([packed()] * 9)
        assert future
        assert len(future.result()) == 9
