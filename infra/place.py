"""Where the local stack is: its endpoint, its stand-in credentials, and the environment that its processes get."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 5000
KEY: Final = "local"
"""Access key and secret at once; moto takes any. Real ones are never sent."""
_CONFIG: Final = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 4})


@dataclass(frozen=True, slots=True)
class Place:
    """A local stand-in for one region of one account of AWS."""

    port: int
    region: str = "us-east-1"
    account: str = "123456789012"
    """The account that moto plays for any access key."""
    host: str = HOST
    """Where its server listens, and is asked."""

    @property
    def endpoint(self) -> str:
        """Where S3 and SQS answer."""
        return f"http://{self.host}:{self.port}"

    def queue_url(self, name: str) -> str:
        """URL of the queue of this name."""
        return f"{self.endpoint}/{self.account}/{name}"

    def queue_arn(self, name: str) -> str:
        """ARN of the queue of this name."""
        return f"arn:aws:sqs:{self.region}:{self.account}:{name}"

    def s3(self) -> "S3Client":
        """A client of the local S3."""
        return self._session().client("s3", endpoint_url=self.endpoint, config=_CONFIG)

    def sqs(self) -> "SQSClient":
        """A client of the local SQS."""
        return self._session().client("sqs", endpoint_url=self.endpoint, config=_CONFIG)

    def _session(self) -> boto3.Session:
        return boto3.Session(aws_access_key_id=KEY, aws_secret_access_key=KEY, region_name=self.region)

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """`base`, isolated, with this place put in: whatever uses boto3 in it works here.

        The function prints no metrics, which nobody reads here, unless `base` says POWERTOOLS_METRICS_DISABLED=false.
        """
        return {
            "POWERTOOLS_METRICS_DISABLED": "true",
            **isolated(base, self.host),
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": KEY,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
        }


def isolated(base: Mapping[str, str], host: str = HOST) -> dict[str, str]:
    """`base` without all that points at AWS itself.

    Nothing that runs in it can reach the user's account, and no proxy is asked for the way to `host`.
    """
    kept = {name: value for name, value in base.items() if not name.startswith(("AWS_", "BOTO_"))}
    direct = ",".join(filter(None, dict.fromkeys([base.get("no_proxy") or base.get("NO_PROXY"), HOST, host])))
    return kept | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": direct,
        "no_proxy": direct,
    }
