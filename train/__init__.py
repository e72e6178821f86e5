"""Trains the Keras models, and publishes them in the bucket that the handler reads them from."""

import handler  # noqa: F401  # it keeps ONNX Runtime, which is imported here too, from telling about this machine
