"""Measurements: start-up, and later speed and memory, as ratios within one run."""

import handler  # noqa: F401  # it keeps ONNX Runtime, which is imported here too, from telling about this machine
