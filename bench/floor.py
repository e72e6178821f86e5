"""What ours cannot start without, and nothing else: `python -m bench.floor`, or a function of Lambda's runtime.

NumPy, ONNX Runtime, and the import and construction of the S3 client that the environment's FLOOR_CLIENT names. The
program prints the seconds that the client's part took.
"""

import os
import time

import numpy as np  # noqa: F401  # being imported is all that it is for
import onnxruntime  # noqa: F401  # likewise

_CLIENT = os.environ["FLOOR_CLIENT"]
_begun = time.perf_counter()
if _CLIENT == "boto3":
    import boto3

    boto3.client("s3")
elif _CLIENT == "botocore":
    import botocore.session

    botocore.session.get_session().create_client("s3")
SECONDS = time.perf_counter() - _begun


def lambda_handler(event: object, context: object) -> dict[str, float]:  # noqa: ARG001  # Lambda's signature
    """Do nothing."""
    return {"client": SECONDS}


if __name__ == "__main__":
    print(SECONDS, flush=True)  # noqa: T201  # what is measured ends here
