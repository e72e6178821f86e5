"""Clients of AWS, as boto3 makes them, in less time: botocore reads its descriptions of services the long way.

Where many small objects are fetched at once, what limits them is this process's own work for each GET. A fifth of it is
left out, which nobody reads: times in answers stay text (a page of a listing has 1,000 of them), and the name that
requests go under is short, where botocore would put together a line of 200 characters for each of them, twice.
"""

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import boto3
from botocore.config import Config
from botocore.loaders import JSONFileLoader, Loader
from botocore.session import Session, get_session

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient


@overload
def make_client(service: Literal["s3"], threads: int) -> "S3Client": ...
@overload
def make_client(service: Literal["sqs"], threads: int) -> "SQSClient": ...
def make_client(service: Literal["s3", "sqs"], threads: int) -> "S3Client | SQSClient":
    """A client with a session of its own, for as many threads; settings and credentials are boto3's."""
    core = get_session()
    core.register_component("data_loader", _loader(core))
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=str)
    config = Config(
        connect_timeout=5,
        read_timeout=30,
        retries={"mode": "standard", "total_max_attempts": 4},
        max_pool_connections=max(threads, 10),
        user_agent="digitdrop",
    )
    return boto3.Session(botocore_session=core).client(service, config=config)


def _loader(core: Session) -> Loader:
    """That of a session, reading the same places in the same order."""
    paths = core.get_component("data_loader").search_paths
    return _Loader(paths, _Files(), include_default_search_paths=False)


class _Loader(Loader):
    """Where the descriptions are. botocore looks into each of 400 folders, twice, before it opens the one of S3."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002  # botocore's signature
        """The names of all folders; whether one has what is asked for is seen when that is read."""
        paths = [Path(path) for path in self.search_paths]
        return [folder.name for path in paths if path.is_dir() for folder in path.iterdir()]


class _Files(JSONFileLoader):
    """What is in their files, in Python's own dictionaries, which keep the order of what is put in.

    botocore makes an `OrderedDict` of each of 23,000 objects, which takes as long again as reading them.
    """

    def load_file(self, file_path: str) -> Any:  # noqa: ANN401  # botocore's signature
        """What is in a file, whose suffix is not in its path; None: there is none."""
        plain, packed = Path(f"{file_path}.json"), Path(f"{file_path}.json.gz")
        if plain.is_file():
            return json.loads(plain.read_bytes())
        return json.loads(gzip.decompress(packed.read_bytes())) if packed.is_file() else None
