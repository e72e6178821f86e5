"""Environment variables to a frozen `Settings`; a wrong value is named with its range."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Final

from handler.cores import cores
from handler.errors import SettingsError

INCOMING: Final = "incoming/"
PREDICTIONS: Final = "predictions/"
MODELS: Final = "models/"

MB: Final = 1 << 20
_PIXELS: Final = 50_000_000
_THREADS: Final = 64
_MOST_WORKERS: Final = 16


@dataclass(frozen=True, slots=True)
class Settings:
    """How the handler behaves; each field is the environment variable of the same name in capitals.

    `DIGITDROP_BUCKET` is the one that has no default.
    """

    digitdrop_bucket: str
    queue_url: str = ""
    """Where drops go that there is no time for; empty: there is no queue around the function."""
    probabilities: bool = False
    """Ten more columns, `p0` to `p9`."""
    review_below: float | None = None
    """A prediction of a lower confidence than this is for a person to look at; None: the model's own threshold."""
    max_object_bytes: int = 1024 * MB
    """A larger object is not read; at most the function's `EphemeralStorage`."""
    max_member_bytes: int = 64 * MB
    """Bytes of one archive member, counted as they leave the decompressor."""
    max_inflated_bytes: int = 4096 * MB
    """Bytes of all members of an archive together, counted likewise."""
    max_members: int = 1_000_000
    max_pixels: int = _PIXELS
    """Pixels of one frame, known before it is decoded; fewer by default where the function has little memory."""
    max_frames: int = 1_000
    group_size: int = 256
    """Images that the model reads at a time."""
    fetch_threads: int = _THREADS
    """Requests to S3 under way at a time; fewer by default where the function has little memory."""
    workers: int = 0
    """Processes that decode and normalise beside the function's own, where a batch is large enough for them; by default
    one less than it has processors."""
    reserve_seconds: float = 10.0
    """Kept of each invocation for writing what was read."""
    retry_base_seconds: float = 30.0
    """A failed message is visible again after this × 4ⁿ, n the receives before this one."""
    retry_limit_seconds: float = 900.0
    log_level: str = "INFO"

    def digest(self) -> str:
        """Twelve hex digits that differ where these settings would give other rows."""
        decisive = {name: value for name, value in asdict(self).items() if name in _DECISIVE or name.startswith("max_")}
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:12]


_DECISIVE: Final = ("probabilities", "review_below")
_RANGES: Final[dict[str, tuple[float, float]]] = {
    "review_below": (0, 1),
    "max_object_bytes": (1, 10_240 * MB),
    "max_member_bytes": (1, 10_240 * MB),
    "max_inflated_bytes": (1, 1 << 50),
    "max_members": (1, 1 << 32),
    "max_pixels": (1, 178_956_970),
    "max_frames": (1, 1 << 20),
    "group_size": (1, 65_536),
    "fetch_threads": (1, 64),
    "workers": (0, _MOST_WORKERS),
    "reserve_seconds": (0, 300),
    "retry_base_seconds": (0, 43_200),
    "retry_limit_seconds": (0, 43_200),
}
_MEGABYTES_A_PROCESSOR: Final = 1769
"""As AWS documents it for Lambda."""
_MEGABYTES_A_THREAD: Final = 16
"""Each has up to two starts of objects, of a megabyte, ahead of those that are read."""
_OWN_MEGABYTES: Final = 200
_BYTES_A_PIXEL: Final = 25
"""At the peak of decoding; the dearest, a JPEG 2000 with transparency, took 24 (1,176 MB for 7,000 × 7,000)."""
_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def read_settings(environment: Mapping[str, str]) -> Settings:
    """`Settings` from environment variables; those not set, or set to nothing, keep their defaults.

    Raises `SettingsError` for a missing bucket and for a value that is no value of its kind or out of range.
    """
    found: dict[str, object] = {}
    for field in fields(Settings):
        variable = field.name.upper()
        text = environment.get(variable, "").strip()
        if text:
            found[field.name] = _value(variable, field.name, text)
    memory = environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
    if "max_pixels" not in found and memory.isdecimal():
        found["max_pixels"] = min(_PIXELS, _pixels_within(int(memory)))
    found.setdefault("workers", _others(int(memory) if memory.isdecimal() else 0))
    if "fetch_threads" not in found and memory.isdecimal():
        found["fetch_threads"] = max(1, min(_THREADS, int(memory) // _MEGABYTES_A_THREAD))
    if "digitdrop_bucket" not in found:
        raise SettingsError("DIGITDROP_BUCKET is not set: set it to the name of the bucket to work on")
    return Settings(**found)  # type: ignore[arg-type]  # each value is of the kind that its field has


def _others(megabytes: int) -> int:
    """Processors beside the first; of a function that has less memory than these come with they are slices of one."""
    shares = round(megabytes / _MEGABYTES_A_PROCESSOR) if megabytes else cores()
    return max(0, min(shares, cores(), _MOST_WORKERS + 1) - 1)


def _pixels_within(megabytes: int) -> int:
    """Pixels of one frame that the function's memory is enough for, beside what it takes itself."""
    return max(1_000_000, (megabytes - _OWN_MEGABYTES) * MB // _BYTES_A_PIXEL)


def _value(variable: str, name: str, text: str) -> object:
    default = Settings.__dataclass_fields__[name].default
    if isinstance(default, bool):
        if text.lower() not in ("true", "false"):
            raise SettingsError(f"{variable}={text!r} must be true or false")
        return text.lower() == "true"
    if name in _RANGES:
        low, high = _RANGES[name]
        kind = int if isinstance(default, int) else float
        try:
            number = kind(text)
        except ValueError:
            raise SettingsError(f"{variable}={text!r} must be a number from {low} to {high}") from None
        if not low <= number <= high:
            raise SettingsError(f"{variable}={text!r} must lie between {low} and {high}")
        return number
    if name == "log_level" and text.upper() not in _LEVELS:
        raise SettingsError(f"{variable}={text!r} must be one of {', '.join(_LEVELS)}")
    return text.upper() if name == "log_level" else text
