"""What a start is spent on."""

import pytest

from bench import spans

SPANS = [
    ("import", 1.0, 3.0),
    ("client", 3.0, 3.5),
    ("GetObject models/current.json", 3.5, 3.6),
    ("GetObject models/0123456789ab/card.json", 3.6, 3.7),
    ("load", 3.7, 3.9),
    ("run", 3.8, 3.85),
    ("GetObject incoming/start/7.png", 4.0, 4.1),
    ("run", 4.2, 4.3),
    ("GetObject predictions/start/predictions.csv", 4.3, 4.4),
    ("HeadObject incoming/start/7.png", 4.4, 4.5),
    ("PutObject predictions/start/predictions.csv", 4.5, 4.7),
]


def test_a_start_is_split_into_its_parts() -> None:
    """By what each request is for; asking for the CSV after the prediction belongs to writing it."""
    found = spans.split(0.0, 5.0, SPANS)
    assert found == pytest.approx(
        {
            spans.BEFORE: 1.0,
            spans.IMPORTS: 2.0,
            spans.CLIENT: 0.5,
            spans.POINTER: 0.1,
            spans.FILES: 0.1,
            spans.LOAD: 0.2,
            spans.PREDICTION: 0.15,
            spans.FETCH: 0.1,
            spans.WRITE: 0.4,
            spans.REST: 0.45,
        }
    )
    assert sum(found.values()) == pytest.approx(5.0)


def test_looking_for_a_batchs_csv_before_it_is_read_is_writing_too() -> None:
    """Only getting the drop itself is fetching."""
    found = spans.split(0.0, 1.0, [("import", 0.0, 0.1), ("HeadObject predictions/x.csv", 0.2, 0.3), ("run", 0.4, 0.5)])
    assert found[spans.WRITE] == pytest.approx(0.1)
    assert found[spans.FETCH] == 0


def test_imports_are_gathered_by_package() -> None:
    """Of the last process, each module by itself; what is nobody's package is the standard library's."""
    lines = [
        "import time: self [us] | cumulative | imported package",
        "import time:     90000 |      90000 | numpy",
        "import time:       700 |        800 | site",
        "import time:      1000 |       1000 |     numpy.core",
        "import time:      2000 |       3000 |   numpy",
        "START RequestId: 0123 | of the runtime | log",
        "import time:      4000 |      40000 | json.decoder",
        "import time:       500 |      40000 | handler.app",
    ]
    assert spans.imports(lines) == {"standard library": 0.004, "numpy": 0.003, "handler": 0.0005}
