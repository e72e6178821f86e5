"""What is in the container: S3 uploads in, one CSV of predictions out."""

import os

# ONNX Runtime would gather facts about the machine for its makers, and write to a home folder for that. It decides when
# it is imported, which nothing can be before this.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

# NumPy's matrix products here are small. More threads than one wait for each other in a loop that keeps a second
# processor busy, and another process or thread of ours has work for it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
