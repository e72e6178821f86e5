"""What the demo drops, and how it sums up the CSVs."""

import io
import os
import zipfile

import numpy as np
import pytest
from PIL import Image

from infra.place import Place, isolated
from infra.samples import loose, zipped
from infra.summary import read_rows, summarise, table

DIGITS = np.zeros((50, 28, 28), np.uint8)
DIGITS[:, 6:22, 12:16] = 255  # a one


def test_the_zip_holds_each_image_bit_for_bit() -> None:
    """The PNGs of the zip are the images, in order, under the names that the labels are looked up by."""
    images = np.random.default_rng(0).integers(0, 255, (12, 28, 28), np.uint8)
    with zipfile.ZipFile(io.BytesIO(zipped(images))) as archive:
        assert archive.namelist() == [f"{index:05}.png" for index in range(12)]
        found = [np.asarray(Image.open(archive.open(name))) for name in archive.namelist()]
    np.testing.assert_array_equal(found, images)


def test_the_loose_pictures_are_of_many_kinds() -> None:
    """Fifty pictures in at least seven formats, each one page, light on dark and dark on light."""
    made = loose(DIGITS)
    assert len(made) == 50
    opened = [Image.open(io.BytesIO(body)) for body in made.values()]
    assert {picture.format for picture in opened} >= {"PNG", "JPEG", "TIFF", "GIF", "WEBP", "BMP", "PPM"}
    assert {getattr(picture, "n_frames", 1) for picture in opened} == {1}
    corners = {name: np.asarray(picture.convert("L"))[0, 0] for name, picture in zip(made, opened, strict=True)}
    assert any(corner > 200 for corner in corners.values())
    assert any(corner < 50 for corner in corners.values())


def test_a_summary_counts_rows_statuses_and_true_digits() -> None:
    """A row without a digit counts as wrong; the label is found by the index in the image's name."""
    rows = read_rows(b"image,digit,status\n00002.png,7,ok\n00000.png,1,review\n1-x.png,,error\n")
    summary = summarise("z", rows, [1, 5, 7], 2.0)
    assert (summary.rows, summary.correct, dict(summary.statuses)) == (3, 2, {"ok": 1, "review": 1, "error": 1})
    assert summary.accuracy == pytest.approx(2 / 3)
    assert table([summary]).splitlines()[1].split() == ["z", "3", "1", "1", "1", "66.67%", "2.0", "2"]


def test_a_field_with_a_line_end_is_one_row() -> None:
    """The CSV is parsed as CSV, not by lines."""
    assert len(read_rows(b'image,digit\n"a\nb, c",1\n')) == 1
    assert read_rows(b"") == []


def test_an_isolated_environment_knows_nothing_of_the_users_account() -> None:
    """All that boto3 would read is taken out or pointed nowhere, the rest kept, and no proxy asked for this machine."""
    base = {"AWS_PROFILE": "p", "AWS_SESSION_TOKEN": "t", "AWS_ENDPOINT_URL_S3": "e", "PATH": "/bin", "NO_PROXY": "x"}
    found = isolated(base)
    assert found["PATH"] == "/bin"
    assert found["NO_PROXY"] == found["no_proxy"] == "x,127.0.0.1"
    assert found["AWS_CONFIG_FILE"] == found["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"} & found.keys()
    assert Place(5001).environment(base)["AWS_ENDPOINT_URL"] == "http://127.0.0.1:5001"


@pytest.mark.parametrize(("base", "disabled"), [({}, "true"), ({"POWERTOOLS_METRICS_DISABLED": "false"}, "false")])
def test_metrics_are_printed_on_this_machine_only_where_they_are_asked_for(base: dict[str, str], disabled: str) -> None:
    """Nobody collects them here; the user's own variable stands."""
    assert Place(5001).environment(base)["POWERTOOLS_METRICS_DISABLED"] == disabled
