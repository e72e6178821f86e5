"""Clients of AWS, as boto3 makes them, for the two services that are used here."""

from typing import TYPE_CHECKING, Final, Literal, overload

import boto3
import botocore.session
from botocore.config import Config
from botocore.loaders import Loader

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

SERVICES: Final = ("s3", "sqs")


@overload
def make_client(service: Literal["s3"], threads: int) -> "S3Client": ...
@overload
def make_client(service: Literal["sqs"], threads: int) -> "SQSClient": ...
def make_client(service: Literal["s3", "sqs"], threads: int) -> "S3Client | SQSClient":
    """A client with a session of its own, for as many threads; settings and credentials are boto3's."""
    core = botocore.session.get_session()
    core.register_component("data_loader", _Loader())
    config = Config(
        connect_timeout=5,
        read_timeout=30,
        retries={"mode": "standard", "total_max_attempts": 4},
        max_pool_connections=max(threads, 10),
    )
    return boto3.Session(botocore_session=core).client(service, config=config)


class _Loader(Loader):
    """botocore's descriptions of services, without two searches of its 400 folders for whether S3 is one of them."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002  # botocore's signature
        """The services that are used here."""
        return list(SERVICES)
