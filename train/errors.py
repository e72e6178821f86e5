"""What training and publishing refuse to do; each message names the thing and the remedy."""

from typing import Final

from handler.errors import DigitdropError

INSTALL: Final = "make .venv/requirements.stamp, or pip install -r requirements.txt"
"""What installs all that training needs, beside what running does."""


class DataError(DigitdropError):
    """MNIST cannot be had, or what is there is not MNIST."""


class PublishError(DigitdropError):
    """A model must not go live: it is not good enough, not the same, or not what it claims to be."""
