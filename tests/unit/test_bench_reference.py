"""Whether the rows of a measured drop are complete and right."""

from bench.reference import faults

NAMES = ["0.png", "1.png"]
ROWS = [
    {"image": "0.png", "digit": "7", "confidence": "0.9000", "status": "ok"},
    {"image": "1.png", "digit": "2", "confidence": "0.8000", "status": "review"},
]


def test_right_rows_have_no_faults() -> None:
    """A last decimal that rounds to the other side is none."""
    assert faults(ROWS, NAMES, [7, 2], {0: ("7", 0.9001), 1: ("2", 0.8)}, 0.9) == []


def test_rows_of_other_images_are_a_fault() -> None:
    """One missing, or two in another order: nothing else is looked at then."""
    for rows in (ROWS[:1], ROWS[::-1]):
        assert faults(rows, NAMES, [7, 2], {}, 0.9) == [
            f"{len(rows)} rows, which are not those of the 2 images in their order"
        ]


def test_rows_that_a_single_reading_does_not_give_are_faults() -> None:
    """Another digit, or another confidence."""
    found = faults(ROWS, NAMES, [7, 2], {0: ("1", 0.9), 1: ("2", 0.81)}, 0.9)
    assert found == [
        "0.png is 7 (0.9000), read alone 1 (0.9000)",
        "1.png is 2 (0.8000), read alone 2 (0.8100)",
    ]


def test_errors_and_too_many_mistakes_are_faults() -> None:
    """All that is measured can be read, and most of it is read rightly."""
    rows = [ROWS[0], ROWS[1] | {"status": "error", "digit": "", "confidence": ""}]
    assert faults(rows, NAMES, [7, 2], {}, 0.9) == [
        "1 rows are errors, the first one that of 1.png",
        "only 50.0% of the digits are right, where 90% are expected at least",
    ]
