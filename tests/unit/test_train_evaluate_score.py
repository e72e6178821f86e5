"""Rows against labels: what counts as right, what is counted aside, and how it is written."""

import json

import pytest

from handler.rows import ERROR, OK, REVIEW
from tests.doubles import RowClassifier
from train import numbers, report
from train.certainty import curve_of, reliability_of
from train.rates import Rate
from train.score import Result, judge, pool

Cells = dict[str, str]


def row(image: str, digit: str = "", confidence: str = "", **other: str) -> Cells:
    """A row of the CSV by column; it is `ok`, and its other cells are empty."""
    cells = {"image": image, "frame": "", "digit": digit, "confidence": confidence, "status": OK, "detail": ""}
    return cells | other | {"model": "0123456789ab"}


ROWS = [
    row("a", "1", "0.9000"),
    row("b", "7", "0.9900"),
    row("LICENSE", status=ERROR, detail="not-an-image: no"),
    row("c", "3", "0.5000", status=REVIEW, detail="low-confidence: sure: not"),
    row("d", status=ERROR, detail="truncated: ends"),
    row("e", "5", "0.9990", frame="0"),
    row("e", "6", "0.9995", frame="1"),
]
LABELS = {"a": "1", "b": "2", "gone": "4", "c": "3", "d": "4", "e": "5"}


@pytest.fixture
def result() -> Result:
    """Of these rows and labels."""
    return judge("set.zip", ROWS, LABELS)


def test_every_labelled_row_counts_and_an_error_is_wrong(result: Result) -> None:
    """Each frame counts; review rows count in the accuracy, and not in that of `ok`."""
    score = result.score
    assert (result.rows, score.labelled) == (7, 6)
    assert (score.accuracy, score.ok_share, score.ok_accuracy) == (Rate(3, 6), Rate(4, 6), Rate(2, 4))
    assert score.details == {(REVIEW, "low-confidence"): 1, (ERROR, "truncated"): 1}
    assert score.confusion == {("1", "1"): 1, ("2", "7"): 1, ("3", "3"): 1, ("4", ""): 1, ("5", "5"): 1, ("5", "6"): 1}


def test_what_has_no_partner_is_named_and_counts_nowhere(result: Result) -> None:
    """A row without a label and a label without a row."""
    assert [(one.image, one.code) for one in result.unlabelled] == [("LICENSE", "not-an-image")]
    assert result.missing == ["gone"]


def test_the_most_confident_mistake_is_first_and_errors_are_last(result: Result) -> None:
    """Each names the row that it is."""
    assert [(one.image, one.frame, one.number) for one in result.mistakes] == [
        ("e", "1", 6),
        ("b", "", 1),
        ("d", "", 4),
    ]


def test_labels_are_text() -> None:
    """`07` is not `7`, and a model may have letters."""
    score = judge("x", [row("a", "7", "1.0000"), row("b", "A", "1.0000")], {"a": "07", "b": "A"}).score
    assert score.confusion == {("07", "7"): 1, ("A", "A"): 1}
    assert score.accuracy == Rate(1, 2)


def test_pooled_sets_are_as_one_set(result: Result) -> None:
    """Sums of counts, and not means of rates; the single scores stay as they were."""
    other = judge("y", [row("a", "1", "0.9000")], {"a": "1"})
    pooled = pool([result.score, other.score])
    assert (pooled.accuracy, pooled.ok_share, pooled.ok_accuracy) == (Rate(4, 7), Rate(5, 7), Rate(3, 5))
    assert pooled.confusion["1", "1"] == 2
    assert pooled.details == result.score.details
    assert result.score.confusion["1", "1"] == 1


def test_the_curve_at_the_threshold_is_what_the_rows_are() -> None:
    """What no confidence decides is `ok` with no threshold, and still counts among all rows and in the calibration."""
    rows = [
        row("a", "1", "0.9000"),
        row("b", "1", "1.0000", status=REVIEW, detail="several-digits: two"),
        row("c", "1", "1.0000", status=REVIEW, detail="blank: nothing"),
        row("d", "1", "0.7000", status=REVIEW, detail="cut-off: it is"),
        row("e", status=ERROR, detail="empty: it is"),
    ]
    score = judge("x", rows, dict.fromkeys("abcde", "1")).score
    curve = curve_of(score, 0.8)
    assert (curve.total, curve.ok[curve.thresholds.tolist().index(0.8)]) == (5, score.ok)
    assert (curve.ok[0], curve.ok[-1]) == (2, 0)
    assert reliability_of(score).count.sum() == 4
    assert reliability_of(pool([score, score])).error == pytest.approx(reliability_of(score).error)


def test_a_set_without_a_prediction_has_no_calibration() -> None:
    """It is shown as a dash, and is null."""
    found = judge("x", [row("a", status=ERROR, detail="empty: no")], {"a": "1"})
    assert "calibration error  –         of 0 predictions" in report.text(found, RowClassifier(), 0.8)
    assert numbers.as_json(found, 0.8)["calibration_error"] is None


def test_a_rate_of_nothing_is_none() -> None:
    """No `ok` row: its accuracy is neither 0 nor 1."""
    score = judge("x", [row("a", status=ERROR, detail="empty: no")], {"a": "1"}).score
    assert score.ok_accuracy.share is None
    assert report.percent(score.ok_accuracy) == "–"
    assert json.loads(json.dumps(numbers.score_json(score)))["accuracy_of_ok"] == {
        "count": 0,
        "of": 0,
        "share": None,
        "interval": None,
    }


def test_the_text_says_all_of_a_set(result: Result) -> None:
    """Rates with their counts, codes with theirs, names, matrix, mistakes."""
    assert report.text(result, RowClassifier(), 0.75).splitlines() == [
        "set.zip, read by model 0123456789ab, review below 0.75",
        "",
        "rows               7, of which 6 are of images with a label",
        "accuracy           50.00 %   (18.76–81.24)   3 of 6",
        "ok                 66.67 %   (30.00–90.32)   4 of 6",
        "accuracy of ok     50.00 %   (15.00–85.00)   2 of 4",
        "calibration error  51.77 %   of 5 predictions, in 15 bins",
        "review             low-confidence 1",
        "error              truncated 1",
        "without label      1: LICENSE (not-an-image)",
        "without row        1: gone",
        "",
        "is \\ read  0  1  2  3  4  5  6  7  8  9  none",
        "1          .  1  .  .  .  .  .  .  .  .     .",
        "2          .  .  .  .  .  .  .  1  .  .     .",
        "3          .  .  .  1  .  .  .  .  .  .     .",
        "4          .  .  .  .  .  .  .  .  .  .     1",
        "5          .  .  .  .  .  1  1  .  .  .     .",
        "",
        "mistake  is  read  confidence  status",
        "e [1]     5     6      0.9995      ok",
        "b         2     7      0.9900      ok",
        "d         4  none               error",
    ]


def test_a_label_that_the_model_does_not_know_has_a_line(result: Result) -> None:
    """It comes after those of the model."""
    assert result.score.confusion
    score = judge("x", [row("a", "7", "1.0000"), row("b", "9", "1.0000")], {"a": "seven", "b": "9"}).score
    assert [line.split()[0] for line in report.confusion(score, RowClassifier().labels).splitlines()[1:]] == [
        "9",
        "seven",
    ]


def test_names_cannot_move_the_cursor_and_long_lists_end() -> None:
    """Control characters are shown as escapes; of many names the first are shown, and all are counted."""
    images = [f"\x1b[2J{number}" for number in range(30)]
    found = judge("x\n", [row(name, "1", "0.9000") for name in images], dict.fromkeys(images, "2"))
    bare = judge("y", [], dict.fromkeys(images, "2"))
    text = report.text(found, RowClassifier(), 0.8) + report.text(bare, RowClassifier(), 0.8)
    assert "\x1b" not in text
    assert text.startswith("x\\n, read by")
    assert "\\x1b[2J23   2" in text
    assert "\\x1b[2J24  " not in text
    assert "and 6 more" in text
    assert "30: \\x1b[2J0, " in text
    assert "\\x1b[2J7 and 22 more" in text


def test_the_table_has_a_line_for_each_set_and_one_for_all(result: Result) -> None:
    """In percent with intervals, and the counts of what a person has to look at."""
    other = judge("other.zip", [row("a", "1", "0.9000")], {"a": "1"})
    scores = {"set.zip": result.score, "other.zip": other.score, "all": pool([result.score, other.score])}
    lines = report.table(scores).splitlines()
    assert [" ".join(line.split()) for line in lines[:4]] == [
        "labelled accuracy ok accuracy of ok ECE review error",
        "set.zip 6 50.00 % (18.76–81.24) 66.67 % (30.00–90.32) 50.00 % (15.00–85.00) 51.77 % 1 1",
        "other.zip 1 100.00 % (20.65–100.00) 100.00 % (20.65–100.00) 100.00 % (20.65–100.00) 10.00 % 0 0",
        "all 7 57.14 % (25.05–84.18) 71.43 % (35.89–91.78) 60.00 % (23.07–88.24) 44.81 % 1 1",
    ]
    assert len({len(line) for line in lines[:4]}) == 1
    assert lines[4:] == ["", "In brackets the 95 % interval of each rate. ECE: calibration error."]


def test_the_json_has_every_number(result: Result) -> None:
    """Counts beside each share, all mistakes, all names."""
    found = json.loads(json.dumps(numbers.as_json(result, 0.75)))
    assert found["accuracy"] == {
        "count": 3,
        "of": 6,
        "share": 0.5,
        "interval": pytest.approx([0.1876, 0.8124], abs=1e-4),
    }
    assert found["calibration_error"] == pytest.approx(0.5177)
    assert found["ok"]["count"] == 4
    assert (found["accuracy_of_ok"]["count"], found["accuracy_of_ok"]["of"]) == (2, 4)
    curve = found["risk_coverage"]
    here = curve["review_below"].index(0.75)
    assert (curve["labelled"]["images"], curve["labelled"]["ok"][here]) == (6, 0.666667)
    assert curve["labelled"]["accuracy_of_ok"][here] == 0.5
    assert found["details"] == {"review": {"low-confidence": 1}, "error": {"truncated": 1}}
    assert found["confusion"]["5"] == {"5": 1, "6": 1}
    assert found["confusion"]["4"] == {"none": 1}
    assert [one["image"] for one in found["mistakes"]] == ["e", "b", "d"]
    assert found["mistakes"][0] == {
        "image": "e",
        "frame": "1",
        "label": "5",
        "digit": "6",
        "confidence": 0.9995,
        "status": "ok",
        "code": "",
    }
    assert [one["image"] for one in found["without_label"]] == ["LICENSE"]
    assert found["without_row"] == ["gone"]
