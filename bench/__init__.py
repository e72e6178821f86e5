"""Measurements: start-up, and later speed and memory, as ratios within one run."""
