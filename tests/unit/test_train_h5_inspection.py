"""The inspection in a process of its own: a verdict for any bytes, whatever becomes of that process."""

import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.h5makers import good, layer, sequential, write
from train import inspection
from train.errors import PublishError
from train.inspection import inspect, inspected_copy

ROOT = Path(inspection.__file__).parents[1]


def test_a_good_file_is_copied(tmp_path: Path) -> None:
    """What is opened later is a copy of the bytes that were inspected."""
    (tmp_path / "private").mkdir()
    copy = inspected_copy(good(tmp_path / "their.h5"), tmp_path / "private")
    assert copy.parent.name == "private"
    assert copy.read_bytes() == (tmp_path / "their.h5").read_bytes()


def test_a_refusal_crosses_the_process(tmp_path: Path) -> None:
    """The message names the file and the layer, and no code in the file has run."""
    code = f"open({str(tmp_path / 'ran')!r}, 'w')"
    bad = sequential(layer("Lambda", "bad", function=code))
    write(tmp_path / "their.h5", bad, {})
    (tmp_path / "private").mkdir()
    with pytest.raises(PublishError, match=r"their\.h5 is refused: layer 'bad' is or has a 'Lambda'"):
        inspected_copy(tmp_path / "their.h5", tmp_path / "private")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", r"their\.h5 is not an HDF5 file: save the model as \.h5"),
        (b"no model", "not an HDF5 file"),
        (b"PK\x03\x04" + bytes(100), r"not an HDF5 file but a \.keras file: load it in Keras and save the model as"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), r"refused: it is damaged, and HDF5 cannot read it \(.*\): save it again"),
    ],
)
def test_what_is_no_hdf5_is_refused(tmp_path: Path, body: bytes, words: str) -> None:
    """Each kind of file is told what it is."""
    path = tmp_path / "their.h5"
    path.write_bytes(body)
    with pytest.raises(PublishError, match=words):
        inspected_copy(path, tmp_path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """Neither is a folder."""
    for path in (tmp_path / "none.h5", tmp_path):
        with pytest.raises(PublishError, match="is neither a file nor the folder of a release"):
            inspected_copy(path, tmp_path)


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    """By its size alone, before it is copied."""
    path = tmp_path / "their.h5"
    with path.open("wb") as file:
        file.truncate(inspection.MAX_FILE + 1)
    with pytest.raises(PublishError, match=r"their\.h5 has 1073741825 bytes, more than 1073741824: save it without"):
        inspected_copy(path, tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["their.h5"]


@pytest.mark.parametrize(
    ("script", "words"),
    [("kill -SEGV $$", "crashes the HDF5 library (exit -11)"), ("kill -KILL $$", "exit -9"), ("exit 3", "exit 3")],
)
def test_a_process_that_dies_is_a_refusal(
    tmp_path: Path, script: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The HDF5 library may crash: the file is to blame."""
    fake = tmp_path / "python"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(fake))
    assert words in inspect(good(tmp_path / "their.h5"))


def test_a_process_that_never_ends_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ended, and the file refused."""
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\nexec sleep 100\n")
    fake.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(fake))
    monkeypatch.setattr(inspection, "SECONDS", 0.1)
    assert "busy without end" in inspect(good(tmp_path / "their.h5"))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not hold to the limit of address space")
def test_memory_is_bounded() -> None:
    """What takes more than a model may is refused, and the machine goes on."""
    code = "from train import inspection; inspection._limit(); bytearray(4 << 30)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603  # our own code
    assert "MemoryError" in done.stderr


FILE = "good.h5"
EDITS = st.lists(
    st.tuples(st.floats(0, 0.9999), st.binary(min_size=1, max_size=8)) | st.tuples(st.floats(0, 1), st.none()),
    min_size=1,
    max_size=3,
)
READER = "import sys; from pathlib import Path; from train import inspection; inspection._limit(); import json\n"
READER += "for path in sys.argv[1:]: print(json.dumps(inspection.verdict_on(Path(path))), flush=True)"


def spoiled(body: bytes, edits: list[tuple[float, bytes | None]]) -> bytes:
    """Some bytes written over, or the end cut off."""
    for place, patch in edits:
        start = int(place * len(body))
        body = body[:start] if patch is None else body[:start] + patch + body[start + len(patch) :]
    return body


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(EDITS, min_size=30, max_size=30))
def test_any_bytes_get_a_verdict(batch: list[list[tuple[float, bytes | None]]]) -> None:
    """Accepted or refused with a sentence, or the process died; never another exception, and never for long.

    Thirty files to a process, each of them the good one with a few bytes changed.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        body = good(folder / FILE).read_bytes()
        paths = [folder / f"{number}.h5" for number in range(len(batch))]
        for path, edits in zip(paths, batch, strict=True):
            path.write_bytes(spoiled(body, edits))
        began = time.monotonic()
        command = [sys.executable, "-c", READER, *map(str, paths)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)  # noqa: S603  # our own code
        verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 or done.returncode < 0, done.stderr
    assert len(verdicts) == len(batch) or done.returncode < 0
    assert all(isinstance(verdict, str) and verdict.isprintable() for verdict in verdicts)
    assert time.monotonic() - began < 60
