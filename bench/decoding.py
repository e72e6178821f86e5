"""A floor: decoding alone, in one process of those that share the work: `python -m bench.decoding SHARE OF`.

The fastest decoder of PNGs that is installed sets it; which of them that is, the benchmark finds out.
"""

import importlib
import io
import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import find_spec
from typing import Any, Final

import numpy as np
from PIL import Image

from bench.serving import serve

_MODULES: Final = {"Pillow": "PIL", "OpenCV": "cv2", "imagecodecs' libspng": "imagecodecs"}


def installed() -> list[str]:
    """The decoders that can be tried here."""
    return [name for name, module in _MODULES.items() if find_spec(module)]


def main(arguments: list[str]) -> None:
    """Answer until there are no more requests."""
    share, of = map(int, arguments)
    serve(lambda request: decoded(request, share, of))


def decoded(request: Mapping[str, Any], share: int, of: int) -> dict[str, Any]:
    """Decode every picture of this process' share of a zip, which is in memory, into pixels."""
    bodies, decode = _bodies(request["zip"], share, of), _decoder(request["decoder"])
    begun = time.perf_counter()
    for body in bodies:
        decode(body)
    return {"seconds": time.perf_counter() - begun, "rows": len(bodies)}


@cache
def _bodies(path: str, share: int, of: int) -> list[bytes]:
    with zipfile.ZipFile(path) as archive:
        return [archive.read(name) for name in archive.namelist()[share::of]]


@cache
def _decoder(name: str) -> Callable[[bytes], Any]:
    module: Any = importlib.import_module(_MODULES[name])
    if name == "OpenCV":
        module.setNumThreads(1)
        return lambda body: module.imdecode(np.frombuffer(body, np.uint8), module.IMREAD_GRAYSCALE)
    if name == "Pillow":
        return lambda body: np.asarray(Image.open(io.BytesIO(body)))
    decode: Callable[[bytes], Any] = module.spng_decode
    return decode


if __name__ == "__main__":
    main(sys.argv[1:])
