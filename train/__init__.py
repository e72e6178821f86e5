"""Trains the Keras models, and publishes them in the bucket that the handler reads them from."""
