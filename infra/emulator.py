"""The Runtime Interface Emulator's program: downloaded once, verified at every use.

AWS publishes it inside the wheel of aws-sam-cli; of that only the program is kept.
"""

import hashlib
import importlib.util
import platform
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from infra.processes import LocalError
from train.data import cache_file

VERSION: Final = "1.170.0"
WHEEL: Final = f"aws-sam-cli=={VERSION}"
SHA256: Final = {
    "x86_64": "6b1e686e62ab2baf5759c412c4864276ef2a88b094fca53ec070637ccba9b9a5",
    "arm64": "ec2e5d09633d853834c008b1ef264bf834b258a94d551d2b2074966494b39a21",
}
"""Of the program for each kind of machine, in that wheel."""
_PIP_SECONDS: Final = 300


def emulator(say: Callable[[str], None]) -> Path:
    """The program for this machine, in the cache that MNIST is in too (`DIGITDROP_CACHE`).

    Raises `LocalError` where there is none for this machine, it cannot be had, or the client to run in it is missing.
    """
    machine = _machine()
    if importlib.util.find_spec("awslambdaric") is None:
        raise LocalError(
            "awslambdaric, Lambda's runtime client, is not installed: pip install -r infra/requirements.txt"
        )
    path = cache_file().parent / f"aws-lambda-rie-{VERSION}-{machine}"
    if not (path.exists() and _digest(path.read_bytes()) == SHA256[machine]):
        say(f"Downloading Lambda's Runtime Interface Emulator, which is in {WHEEL}")
        _keep(path, verified(_download(machine), machine))
    return path


def verified(program: bytes, machine: str) -> bytes:
    """The program; `LocalError` where it is not the one that is pinned."""
    if _digest(program) != SHA256[machine]:
        raise LocalError(
            f"the emulator in {WHEEL} is not the one that is pinned: its SHA-256 is {_digest(program)[:12]}…, "
            f"not {SHA256[machine][:12]}…; run `pip cache purge` and retry"
        )
    return program


def _machine() -> str:
    system, machine = platform.system(), platform.machine()
    name = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}.get(machine.lower())
    if system != "Linux" or name is None:
        raise LocalError(
            "Lambda's Runtime Interface Emulator runs on Linux alone, on x86_64 or arm64, "
            f"and this is {system} on {machine}: make up without RUNTIME=rie runs the function without it"
        )
    return name


def _download(machine: str) -> bytes:
    """The wheel is only fetched and read, never installed."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    try:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(  # noqa: S603  # a fixed command
                [*command, "--only-binary", ":all:", "--dest", folder, WHEEL],
                check=True,
                capture_output=True,
                text=True,
                timeout=_PIP_SECONDS,
            )
            (wheel,) = Path(folder).glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                return archive.read(f"samcli/local/rapid/aws-lambda-rie-{machine}")
    except (OSError, subprocess.SubprocessError, zipfile.BadZipFile, LookupError, ValueError) as error:
        said = (error.stderr or "").strip() if isinstance(error, subprocess.CalledProcessError) else ""
        reason = said.splitlines()[-1] if said else str(error)
        raise LocalError(f"{WHEEL} cannot be downloaded ({reason}): check the network") from error


def _keep(path: Path, program: bytes) -> None:
    """A reader finds the whole program or none, however many write at once."""
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f"{path.name}-", delete=False) as file:
            temporary = Path(file.name)
            file.write(program)
        temporary.chmod(0o755)
        temporary.replace(path)
    except OSError as error:
        if temporary:
            temporary.unlink(missing_ok=True)
        raise LocalError(
            f"the emulator cannot be kept in {path.parent} ({error}); "
            "set DIGITDROP_CACHE to a folder that can be written"
        ) from error


def _digest(program: bytes) -> str:
    return hashlib.sha256(program).hexdigest()
