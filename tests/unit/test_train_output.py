"""What `python -m train` prints, and what it does when nobody reads that."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from train import output
from train.publish import PRETRAINED

ROOT = Path(__file__).parents[2]
LIST = """
import sys
from pathlib import Path
from tests.releases import ListedStore, make_release
from train import __main__ as program
from train.publish import upload

store = ListedStore()
upload(make_release(Path(sys.argv[1]), 1), store)
program._store = lambda _bucket: store
sys.exit(program.main(["list", "--bucket", "digits"]))
"""


@pytest.mark.parametrize("reads", [True, False], ids=["read", "unread"])
@pytest.mark.parametrize("command", ["list", "evaluate"])
def test_an_output_that_nobody_reads_is_a_quiet_end(command: str, tmp_path: Path, *, reads: bool) -> None:
    """As behind `| head`: no line of its own, no traceback, and the exit code that a shell gives a SIGPIPE."""
    out = ["--model", str(ROOT / PRETRAINED), "--out", str(tmp_path)]
    words = ["-c", LIST, str(tmp_path)] if command == "list" else ["-m", "train", "evaluate", "--strangers", "1", *out]
    end, pipe = os.pipe()
    if not reads:
        os.close(end)
    environment = {name: value for name, value in os.environ.items() if name != "DIGITDROP_BUCKET"}
    done = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, *words], cwd=ROOT, stdout=pipe, stderr=subprocess.PIPE, text=True, check=False, env=environment
    )
    os.close(pipe)
    if reads:
        os.close(end)
    assert (done.returncode, done.stderr) == (0 if reads else output.UNREAD, "")


def test_another_fault_of_the_output_is_told_as_ever(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line that cannot be made of its arguments is told on standard error, and no more."""
    monkeypatch.setattr(logging, "raiseExceptions", True)
    output.prepare()
    logging.getLogger("train").info("%d", "no number")
    assert "TypeError" in capsys.readouterr().err
