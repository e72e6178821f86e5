"""What training and publishing refuse to do; each message names the thing and the remedy."""

from handler.errors import DigitdropError


class DataError(DigitdropError):
    """MNIST cannot be had, or what is there is not MNIST."""


class PublishError(DigitdropError):
    """A model must not go live: it is not good enough, not the same, or not what it claims to be."""
