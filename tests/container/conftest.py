"""The function's image, built from the tree as it stands, and the local S3 and SQS where its containers reach them."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest

from infra import sam
from infra.engine import Environment, bridge_host, environment, image_bytes
from infra.place import DEFAULT_PORT
from infra.processes import LocalError
from infra.running import CONTAINER, HANDLER, Running, listen
from tests.stacks import ROOT, started


@pytest.fixture(scope="session")
def image() -> Iterator[str]:
    """The image's name; the test skips, and says what is missing, without Docker, SAM or base, and fails on CI."""
    try:
        sam.require()
    except LocalError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        try:
            sam.build()
        except LocalError as error:
            if os.environ.get("CI") or is_here(sam.base()):
                raise
            pytest.skip(f"{sam.base()} cannot be had: {str(error).splitlines()[-1]}")
        yield sam.IMAGE


def is_here(image: str) -> bool:
    """Whether the engine has an image."""
    try:
        return image_bytes(image) > 0
    except LocalError:
        return False


@pytest.fixture(scope="session")
def shared(image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The stack at the port that samconfig.toml names, or, but on CI, at another if that is taken; nothing polls it."""
    assert image
    port = DEFAULT_PORT
    if not os.environ.get("CI"):
        try:
            listen(port, bridge_host(print)).close()
        except LocalError:
            port = 0
    with started(tmp_path_factory.mktemp("stack"), HANDLER, runtime=CONTAINER, port=port) as stack:
        yield stack


@pytest.fixture
def stack(shared: Running) -> Running:
    """The stack with no CSVs of earlier tests; their messages are still in its queue."""
    s3, bucket = shared.place.s3(), shared.stack.bucket
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="predictions/"):
        for entry in page.get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=entry["Key"])
    return shared


class Boxes:
    """Makes execution environments of the function beside a stack."""

    def __init__(self, image: str, stack: Running) -> None:
        self.image = image
        self.stack = stack

    def start(self, memory_mb: int = 1769, timeout: int = 300) -> AbstractContextManager[Environment]:
        """A container that finds its bucket, its queue and its model."""
        variables = sam.variables(self.stack.stack, self.stack.place) | sam.credentials(self.stack.place)
        return environment(self.image, variables, memory_mb, timeout)


@pytest.fixture
def boxes(image: str, stack: Running) -> Boxes:
    """Containers of the image."""
    return Boxes(image, stack)
