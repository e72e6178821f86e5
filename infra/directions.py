"""What `make up` prints: how to drop images and download CSVs, to be pasted as it stands."""

from typing import Final

from handler.settings import PREDICTIONS
from infra.deploy import DEFAULT
from infra.place import DEFAULT_PORT, KEY
from infra.running import Running
from infra.sam import architecture, container_place

VARIABLES: Final = "infra/local-env.json"
"""Where `sam local invoke` finds the function's environment for this machine."""


def directions(running: Running, speed: float) -> str:
    """The `aws` commands and the lines of boto3 for this stack."""
    if not running.workers:
        return _by_hand(running)
    place, stack = running.place, running.stack
    aws = f"aws --endpoint-url {place.endpoint} s3"
    drops, csvs = f"s3://{stack.bucket}/{stack.prefix}", f"s3://{stack.bucket}/{PREDICTIONS}"
    workers = ", ".join(f"{worker.name} (pid {worker.process.pid})" for worker in running.workers)
    hint = (
        f"An invocation may take {stack.timeout:g} s; what a killed worker held comes back after {stack.visibility} s"
    )
    if speed == 1:
        hint += "\n(make up SPEED=60 divides all times by 60)"
    return f"""
The stack is up at {place.endpoint}: {workers}.
{hint}.

In another terminal, with the AWS CLI:

  unset AWS_PROFILE AWS_SESSION_TOKEN
  export AWS_ACCESS_KEY_ID={KEY} AWS_SECRET_ACCESS_KEY={KEY} AWS_DEFAULT_REGION={place.region}
  {aws} cp 7.png {drops}                       # a picture:  a row of predictions.csv
  {aws} cp monday.zip {drops}                  # a batch:    monday.zip.csv
  {aws} cp --recursive scans {drops}scans/     # a folder:   scans/predictions.csv
  {aws} ls --recursive {csvs}
  {aws} cp {csvs}monday.zip.csv .              # once it is listed
  {aws} cp {csvs}scans/predictions.csv .

or in Python:

  import boto3, pathlib
  s3 = boto3.client("s3", endpoint_url="{place.endpoint}", region_name="{place.region}",
                    aws_access_key_id="{KEY}", aws_secret_access_key="{KEY}")
  s3.upload_file("7.png", "{stack.bucket}", "{stack.prefix}7.png")
  s3.upload_file("monday.zip", "{stack.bucket}", "{stack.prefix}monday.zip")
  for path in pathlib.Path("scans").iterdir():
      s3.upload_file(str(path), "{stack.bucket}", "{stack.prefix}scans/" + path.name)
  s3.download_file("{stack.bucket}", "{PREDICTIONS}monday.zip.csv", "monday.zip.csv")
  s3.download_file("{stack.bucket}", "{PREDICTIONS}scans/predictions.csv", "scans.csv")

Models: .venv/bin/python -m train list --bucket {stack.bucket}, with the lines above
and AWS_ENDPOINT_URL={place.endpoint}.
Ctrl-C ends it all; what is in the bucket then is gone.
"""


def _by_hand(running: Running) -> str:
    """The commands for a stack without workers, whose function is the user's to invoke."""
    place, stack = running.place, running.stack
    aws = f"aws --endpoint-url {place.endpoint} s3"
    drop, csv = f"s3://{stack.bucket}/{stack.prefix}monday.zip", f"s3://{stack.bucket}/{PREDICTIONS}monday.zip.csv"
    build = invoke = ""
    if architecture() != DEFAULT:  # what is given on the command line replaces all that samconfig.toml has
        build = f" --parameter-overrides Architecture={architecture()}"
        invoke = f"{build} BucketName={stack.bucket} EndpointUrl={container_place(place).endpoint}"
    hint = f"\nsamconfig.toml and {VARIABLES} name port {DEFAULT_PORT}: put {place.port} there.\n"
    return f"""
S3 is up at {place.endpoint}, for this machine and its containers alone; nothing polls the queue.

In another terminal, with the AWS CLI and AWS SAM:

  unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL
  export AWS_ACCESS_KEY_ID={KEY} AWS_SECRET_ACCESS_KEY={KEY} AWS_DEFAULT_REGION={place.region}
  {aws} cp monday.zip {drop}
  sam build{build}
  sam local invoke -e infra/events/s3.json{invoke}
  {aws} cp {csv} .
{"" if place.port == DEFAULT_PORT else hint}
Ctrl-C ends it all; what is in the bucket then is gone.
"""
