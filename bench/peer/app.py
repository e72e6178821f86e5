"""A peer to measure against: the least that a handler with TensorFlow can be. One picture an event, one row a CSV.

It is given what helps it: the model lies in its image, so that it need not be fetched, and what can be done once is
done when the module is imported.
"""

import io
import os
from urllib.parse import unquote_plus

import boto3
import numpy as np
from keras.models import load_model
from PIL import Image

MODEL = load_model(os.environ["MODEL"], compile=False)
S3 = boto3.client("s3")


def lambda_handler(event: dict, context: object) -> dict:  # noqa: ARG001  # Lambda's signature
    """Read the picture that an S3 notification names, and write what the model takes it for."""
    for record in event["Records"]:
        bucket, key = record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"])
        body = S3.get_object(Bucket=bucket, Key=key)["Body"].read()
        picture = Image.open(io.BytesIO(body)).convert("L").resize((28, 28))
        pixels = np.asarray(picture, np.float32)[np.newaxis] / 255
        (shares,) = MODEL.predict(pixels, verbose=0)
        row = f"image,digit,confidence\n{key},{shares.argmax()},{shares.max():.4f}\n"
        S3.put_object(Bucket=bucket, Key=f"predictions/{key}.csv", Body=row.encode())
    return {}
