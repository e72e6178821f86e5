"""The directions of imports, as design and README state them."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.doubles import bar, encoded

ROOT = Path(__file__).parents[2]
PACKAGES = ("handler", "train", "infra", "bench", "tests")
MAY_IMPORT = {
    "handler": {"handler"},
    "train": {"train", "handler"},
    "bench": {"bench", "handler", "infra", "train"},
    "infra": {"infra", "handler", "train"},
    "tests": set(PACKAGES),
}
LIBRARIES = {
    "boto3": ("handler.clients", "infra", "tests", "bench.peer", "bench.floor"),
    "botocore": ("handler.clients", "handler.store", "infra", "tests", "bench.floor", "bench.traced"),
    "PIL": (
        "handler.pictures",
        *("handler.luminance", "handler.canvas"),
        *("train.scenes", "train.negatives", "train.letters", "train.marks", "train.pen", "train.stains"),
        "train.testset",
        "tests",
        "bench",
        "infra",
    ),
    "aws_lambda_powertools": ("handler.telemetry", "tests"),
    "onnxruntime": ("handler.model", "tests", "bench"),
    "tensorflow": ("train", "tests"),
    "keras": ("train", "tests", "bench.peer"),
}
"""Which modules may know a library; a package stands for all in it."""
PURE = {
    *(
        "events",
        "envelopes",
        "batches",
        "archives",
        "members",
        "contents",
        "zips",
        "zip_ends",
        "inflation",
        "tars",
        "streams",
        "arrays",
    ),
    *(
        "frames",
        "pictures",
        "luminance",
        "refusals",
        "images",
        "steps",
        "paper",
        "shade",
        "parts",
        "connected",
        "rings",
        "lines",
        "placement",
    ),
    *("planes", "second_look", "runs", "thresholds", "together"),
    *("sheet", "sheet_counts", "sheet_steps", "sheet_ink", "sheet_noise", "sheet_paper", "sheet_placement"),
    *("polarity", "normal", "doubt", "card", "classify", "predictions", "rows", "settings", "errors", "ports", "ahead"),
    *("stopwatch", "outcomes", "pngs", "canvas", "cores", "groups", "slices", "collector", "reading"),
}
DELIVERY = {
    "app",
    "crew",
    "companion",
    "heap",
    "process",
    "packets",
    "worker",
    "delivery",
    "invocation",
    "loose",
    "triage",
    "drops",
    "commit",
    "clients",
    "store",
    "model",
    "standing",
    "telemetry",
}


def module_name(path: Path) -> str:
    """What a file is imported as."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(source: str, importer: str, names: set[str], *, deep: bool = True) -> set[str]:
    """All modules that the source text of `importer` imports, anywhere in it, or (not `deep`) when it is imported.

    `from a import b` is `a.b` where that is one of `names`, else `a`.
    """
    found: set[str] = set()
    module = ast.parse(source)
    for node in ast.walk(module) if deep else module.body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = importer.split(".")[: -node.level] if node.level else []
            whole = ".".join([*above, *([node.module] if node.module else [])])
            found |= {f"{whole}.{alias.name}" if f"{whole}.{alias.name}" in names else whole for alias in node.names}
    return found


FILES = {
    module_name(path): path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
    if not {"node_modules", ".venv"} & set(path.parts)
}
GRAPH = {name: imports(path.read_text("utf-8"), name, set(FILES)) for name, path in FILES.items()}


def below(name: str, packages: tuple[str, ...]) -> bool:
    """Whether a module is one of `packages` or in one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def test_the_parser_sees_every_kind_of_import() -> None:
    """At the top, in functions, relative ones, and names that are modules themselves."""
    top = "import a.b\nfrom c import d, e\nfrom . import k\nfrom .l import m\n"
    source = top + "def f():\n    import g\n    from h.i import j\n"

    assert imports(source, "x.y", {"c.d", "h.i", "x.k"}) == {"a.b", "c.d", "c", "g", "h.i", "x.k", "x.l"}
    assert imports(source, "x.y", {"c.d", "h.i", "x.k"}, deep=False) == {"a.b", "c.d", "c", "x.k", "x.l"}
    assert {"handler.app", "handler.errors"} <= set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_packages_import_only_what_they_may(name: str) -> None:
    """The handler knows nobody, training knows the handler, the local stack both, benchmarks and tests all of them."""
    ours = {imported.partition(".")[0] for imported in GRAPH[name]} & set(PACKAGES)

    assert ours <= MAY_IMPORT[name.partition(".")[0]]


@pytest.mark.parametrize("library", LIBRARIES)
def test_each_library_is_known_in_its_place_alone(library: str) -> None:
    """One adapter for each dependency; type stubs are no import."""
    users = {name for name, found in GRAPH.items() if any(below(imported, (library,)) for imported in found)}
    strangers = {name for name in users if not below(name, LIBRARIES[library])}

    assert strangers == set()
    assert users


def test_pure_modules_import_only_pure_modules() -> None:
    """No I/O below them: neither store nor model nor what delivers."""
    assert {f"handler.{name}" for name in PURE | DELIVERY} | {"handler"} == {
        name for name in FILES if below(name, ("handler",))
    }
    for name in PURE:
        ours = {
            imported.removeprefix("handler.") for imported in GRAPH[f"handler.{name}"] if below(imported, ("handler",))
        }
        assert ours - {"handler"} <= PURE, name


def test_adapters_know_only_what_crosses_to_them() -> None:
    """`clients`, `store`, `model`, `crew`, `process` and `telemetry` import what crosses, no more."""
    may = {
        "handler.clients": set(),
        "handler.store": {"handler.clients", "handler.errors", "handler.ports"},
        "handler.model": {"handler.card", "handler.errors", "handler.ports"},
        "handler.crew": {"handler.companion", "handler.groups", "handler.members"},
        "handler.process": set(),
        "handler.telemetry": {"handler.outcomes", "handler.stopwatch"},
    }
    for name, known in may.items():
        assert {imported for imported in GRAPH[name] if below(imported, ("handler",))} <= known


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_imports_itself_by_way_of_others(package: str) -> None:
    """No circle; in the handler none inside functions either."""
    names = {name for name in FILES if below(name, (package,))}
    graph = {
        name: imports(FILES[name].read_text("utf-8"), name, set(FILES), deep=package == "handler") & names - {package}
        for name in names
    }

    TopologicalSorter(graph).prepare()


def test_importing_the_handler_touches_nothing() -> None:
    """No client is made, no variable of ours is read and no file of data opened before the first event."""
    program = """
import os, sys
sys.path.insert(0, sys.argv[1])
import aws_lambda_powertools.metrics, boto3, botocore.session, numpy, onnxruntime, PIL.Image, PIL._imaging
from PIL import AvifImagePlugin, BmpImagePlugin, GifImagePlugin, Jpeg2KImagePlugin, JpegImagePlugin  # their own imports
from PIL import PngImagePlugin, PpmImagePlugin, TiffImagePlugin, WebPImagePlugin
import concurrent.futures.thread, csv, ctypes, heapq, tempfile, urllib.parse

touched = []
class Environment(dict):
    def __getitem__(self, name): touched.append(("environment", name)); return super().__getitem__(name)
    def get(self, name, default=None): touched.append(("environment", name)); return super().get(name, default)
os.environ = Environment()

def audit(event, arguments):
    if event == "open":
        name = str(arguments[0])
        if not name.endswith((".py", ".pyc", ".so")) and "__pycache__" not in name:
            touched.append((event, name))
    if event.startswith(("socket.", "subprocess.", "tempfile.", "ctypes.dlopen")):
        touched.append((event, arguments))
def client(*arguments, **options): touched.append(("client", arguments))
boto3.client = boto3.resource = boto3.Session = botocore.session.Session = client
sys.addaudithook(audit)
import handler.app
print(touched)
"""
    command = [sys.executable, "-I", "-B", "-c", program, str(ROOT)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  # our own program

    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize(("kind", "needed"), [("PNG", False), ("JPEG", True)])
def test_pictures_are_opened_by_what_is_imported_with_the_first_one(kind: str, needed: bool) -> None:  # noqa: FBT001
    """Neither the start nor a small plain PNG needs the modules of Pillow's formats."""
    program = """
import sys
sys.path.insert(0, sys.argv[1])
import handler.app
from handler.groups import normals
from handler.members import read_picture
from handler.settings import Settings
((_, normal),) = normals(read_picture(bytes.fromhex(sys.argv[2]), "7", Settings("b")))
assert normal
print("handler.pictures" in sys.modules, any(name.endswith("ImagePlugin") for name in sys.modules))
"""
    picture = encoded(bar(2, 20), kind).hex()
    command = [sys.executable, "-I", "-B", "-c", program, str(ROOT), picture]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  # our own program

    assert ran.stdout.split() == [str(needed)] * 2
