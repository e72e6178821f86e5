"""The TensorFlow peer, warm, image by image: `python -m bench.peer.one_by_one MODEL.h5 …`.

Its S3 is a dictionary, so that no time of a server or a client counts against it.
"""

import io
import os
import sys
import time
import zipfile

os.environ |= {"MODEL": sys.argv[1], "TF_CPP_MIN_LOG_LEVEL": "3", "AWS_DEFAULT_REGION": "us-east-1"}

from keras.models import load_model  # what it reads of the environment is set before

from bench.machine import peak_megabytes  # likewise
from bench.peer import app  # likewise
from bench.serving import serve  # likewise


class Bucket:
    """The two calls that the peer makes."""

    def __init__(self) -> None:
        self.objects = {}

    def get_object(self, Bucket: str, Key: str) -> dict:  # noqa: ARG002, N803  # boto3's names
        """The object's body as a file."""
        return {"Body": io.BytesIO(self.objects[Key])}

    def put_object(self, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: ARG002, N803  # likewise
        """Hold it."""
        self.objects[Key] = Body


MODELS = {path: load_model(path, compile=False) for path in sys.argv[1:]}


def read(request: dict) -> dict:
    """An event for each of the first `count` members of a zip; seconds, and rows written."""
    app.MODEL, app.S3 = MODELS[request["model"]], Bucket()
    with zipfile.ZipFile(request["zip"]) as archive:
        names = archive.namelist()[: request["count"]]
        app.S3.objects = {name: archive.read(name) for name in names}
    begun = time.perf_counter()
    for name in names:
        app.lambda_handler({"Records": [{"s3": {"bucket": {"name": "b"}, "object": {"key": name}}}]}, None)
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "rows": len(app.S3.objects) - len(names), "megabytes": peak_megabytes()}


serve(read)
