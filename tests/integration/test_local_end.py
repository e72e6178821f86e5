"""How the local stack ends, and whose account it never sees: `python -m infra.local up` as a process of its own."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.place import Place
from infra.running import BUCKET
from tests.processes import PATIENCE, descendants, runs, wait_for
from tests.stacks import emulator_or_skip

ROOT = Path(__file__).parents[2]

UP = """
import sys
from infra import running
running.publish = lambda *_: None  # no model is needed here
from infra.local import main
sys.exit(main(["up", "--port", "0", "--handler", "tests.stubs:hangs_at_first", *sys.argv[1:]]))
"""


@contextmanager
def up(
    environment: Mapping[str, str] | None = None, *flags: str
) -> Iterator[tuple[subprocess.Popen[str], list[int], int]]:
    """`make up` without make: the process, the pids of all that it started, and its port."""
    with subprocess.Popen(  # noqa: S603  # this Python, with a script of ours
        [sys.executable, "-u", "-c", UP, *flags],
        cwd=ROOT,
        env=dict(os.environ) | dict(environment or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        said = ""
        for line in process.stdout:
            said += line
            if "Ctrl-C" in line:
                break
        children = descendants(process.pid)
        try:
            assert len(children) >= 2, said
            yield process, children, int(said.partition("http://127.0.0.1:")[2].partition(":")[0])
        finally:
            process.kill()


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_outlives_the_stack(kind: signal.Signals) -> None:
    """However it is ended, kill -9 included, no process that it started is left, and the port is free again."""
    with up() as (process, children, port):
        process.send_signal(kind)
        assert process.wait(PATIENCE) == (-9 if kind == signal.SIGKILL else 0)
        wait_for(lambda: not any(runs(pid) for pid in children), "all its processes end")
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGKILL])
def test_nothing_of_lambdas_runtime_outlives_the_stack(kind: signal.Signals) -> None:
    """Neither an emulator nor a client in the middle of an invocation is left."""
    emulator_or_skip()
    with up(None, "--runtime", "rie", "--speed", "10") as (process, _, port):
        s3 = Place(port).s3()
        s3.put_object(Bucket=BUCKET, Key="incoming/7.png", Body=b"x")
        wait_for(lambda: bool(s3.list_objects_v2(Bucket=BUCKET, Prefix="notes/begun")["KeyCount"]), "it is begun")
        started = descendants(process.pid)
        assert len(started) >= 4  # the server, a worker for each core, an emulator and its client
        process.send_signal(kind)
        process.wait(PATIENCE)
        wait_for(lambda: not any(runs(pid) for pid in started), "all its processes end")


def test_the_users_own_account_is_out_of_reach(tmp_path: Path) -> None:
    """Neither a profile that does not exist nor a real endpoint in the environment reaches the stack."""
    (tmp_path / "config").write_text("this is no configuration")
    own = {
        "AWS_PROFILE": "production",
        "AWS_ENDPOINT_URL": "https://s3.invalid",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SESSION_TOKEN": "real",
        "HTTP_PROXY": "http://127.0.0.1:9",
    }
    with up(own) as (_, children, port):
        assert Place(port).s3().list_buckets()["Buckets"]
        environments = [Path(f"/proc/{pid}/environ") for pid in children]
        found = "".join(path.read_text() for path in environments if path.exists())
        assert not any(word in found for word in ("production", "s3.invalid", "real\0"))
