"""The error tree: what is wrong with a picture is data, what is wrong with a dependency is an exception.

`UnreadableError` never leaves the handler: it becomes an `error` row of a CSV. All others rise, and fail the
message that they belong to. `StoreError` does not inherit `OSError` on purpose: a decoder's `except OSError`
must never take a fault of S3 for a broken picture.
"""

from typing import Final

OUT_OF_TIME: Final = "out-of-time"
DETAILS: Final[dict[str, str]] = {
    "low-confidence": "the probability of the digit is below `ReviewBelow`, or else the model's own `review_below`",
    "blank": "the picture shows no ink: nothing on it stands out from its paper",
    "several-digits": "there seem to be several digits on the picture; however sure the model is of one",
    "cut-off": "the probability is that low, and ink runs off the edge of the picture",
    "low-contrast": "the probability is that low, and the ink hardly differs from its paper",
    "not-a-digit": "the probability is so low that there is rather no digit at all",
    "empty": "the file has no bytes, or the archive has no images",
    "not-an-image": "the bytes are not a picture of a known format",
    "unsupported": "a known format or compression that is not read here",
    "corrupt": "the bytes break the rules of their format",
    "truncated": "the file ends before its data does",
    "encrypted": "the member is encrypted",
    "nested-archive": "an archive inside an archive: upload it by itself",
    "too-large": "a cap on bytes or pixels was passed",
    "too-many-frames": "the picture has more frames than the cap; those before it have rows",
    "too-many-members": "the archive has more members than the cap; those before it have rows",
    OUT_OF_TIME: "the invocation ended before the batch did; what was read before has rows",
    "rename": "its CSV cannot be written under the name that follows from its own",
}
"""Every code that `detail` can begin with, and its meaning; README's table is checked against this one."""


class DigitdropError(Exception):
    """Anything that this project raises on purpose."""


class UnreadableError(DigitdropError, ValueError):
    """A picture, a member or an archive cannot be read; `code` is a key of `DETAILS`."""

    def __init__(self, code: str, sentence: str) -> None:
        if code not in DETAILS:
            raise ValueError(f"{code!r} is not a documented detail code")
        super().__init__(f"{code}: {sentence}")
        self.code = code


class LostError(DigitdropError):
    """A process that read pictures for another has ended before it was done with them."""


class SettingsError(DigitdropError, ValueError):
    """An environment variable is missing or out of its range."""


class EventError(DigitdropError, ValueError):
    """An envelope that nobody knows."""


class ModelError(DigitdropError):
    """No model is published, or what is published cannot be trusted."""


class PredictionsError(DigitdropError, ValueError):
    """An object under `predictions/` is not a CSV of this schema and must not be written over."""


class SpentError(DigitdropError):
    """The bytes that may leave the decompressors of one drop are spent: what is left of it is not read."""


class PostponedError(DigitdropError):
    """There is no time for a drop in this invocation: another one takes it."""


class StoreError(DigitdropError):
    """S3 or SQS did not do what was asked: throttled, timed out, refused, or broken."""


class MissingError(StoreError):
    """The object does not exist."""


class ChangedError(StoreError):
    """The object is no longer the one that was read (412), or another writer is at it (409)."""
