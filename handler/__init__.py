"""What is in the container: S3 uploads in, one CSV of predictions out."""

import os

# ONNX Runtime would gather facts about the machine for its makers, and write to a home folder for that. It decides when
# it is imported, which nothing can be before this.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
