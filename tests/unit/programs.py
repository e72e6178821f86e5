"""Programs that stand in for real ones on the PATH."""

from pathlib import Path


def pretend(folder: Path, name: str, script: str) -> None:
    """A program of that name, which is a script of sh."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
