"""The table of what is dropped and what becomes of it, through S3."""

import bz2
import gzip
import io
import lzma
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from tests.doubles import BUCKET, bar, encoded, s3_event, sqs_event, zipped
from tests.envelopes import Event, bridged, direct, published, sns_event
from tests.integration.conftest import Function, Make
from tests.unit.arraymakers import idx, npz, saved
from tests.unit.tarmakers import tarred

WIDE = bar(4, 20)
"""Read as class 2, surely: the uppermost row of its ink is row 12."""


def test_a_zip_gets_a_row_per_file_in_archive_order(function: Function) -> None:
    """A zip is one batch, whose CSV has a row for each file in the order of the archive."""
    function.drop("incoming/a/monday.zip", zipped({"z.png": encoded(WIDE), "b/": b"", "b/a.png": encoded(WIDE)}))
    assert function.deliver(s3_event("incoming/a/monday.zip")) == []
    assert function.text("predictions/a/monday.zip.csv") == (
        "image,frame,digit,confidence,status,detail,model\n"
        "z.png,,2,0.9700,ok,,0123456789ab\n"
        "b/a.png,,2,0.9700,ok,,0123456789ab\n"
    )


def test_a_batch_csv_names_its_source_model_and_settings(function: Function) -> None:
    """The metadata of a batch's CSV has counts, source ETag, model and settings digest."""
    function.drop("incoming/b.zip", zipped({"1.png": encoded(WIDE), "2.png": b"no", "3.png": encoded(bar(0, 0))}))
    function.deliver(s3_event("incoming/b.zip"))
    head = function.s3.head_object(Bucket=BUCKET, Key="predictions/b.zip.csv")
    etag = function.s3.head_object(Bucket=BUCKET, Key="incoming/b.zip")["ETag"].strip('"')
    assert head["Metadata"] == {
        "rows": "3",
        "errors": "1",
        "reviews": "1",
        "source-etag": etag,
        "model": "0123456789ab",
        "settings": function.tools.settings.digest(),
    }
    assert head["ContentType"] == "text/csv; charset=utf-8"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "GIF", "WEBP", "BMP", "PPM"])
def test_a_loose_picture_gets_a_row_in_its_folder(function: Function, kind: str) -> None:
    """A loose picture of any format is a row of its folder's CSV, whatever its name says."""
    function.drop("incoming/a/b/seven", encoded(WIDE, kind))
    function.deliver(s3_event("incoming/a/b/seven"))
    assert function.rows("predictions/a/b/predictions.csv") == [["seven", "", "2", "0.9700", "ok", ""]]


def test_each_page_is_a_row(function: Function) -> None:
    """A picture of several pages has a row for each, numbered from 0, and one page has no number."""
    pages = io.BytesIO()
    Image.fromarray(WIDE).save(pages, "TIFF", save_all=True, append_images=[Image.fromarray(bar(14, 20))])
    function.drop("incoming/p.tif", pages.getvalue())
    function.drop("incoming/q.tif", encoded(WIDE, "TIFF"))
    function.deliver(s3_event("incoming/p.tif"), s3_event("incoming/q.tif"))
    assert [row[:3] for row in function.rows("predictions/predictions.csv")] == [
        ["p.tif", "0", "2"],
        ["p.tif", "1", "7"],
        ["q.tif", "", "2"],
    ]


@pytest.mark.parametrize(
    "key",
    ["incoming/a/", "incoming/.DS_Store", "incoming/__MACOSX/x.png", "incoming/a/Thumbs.db", "incoming/labels.csv"],
)
def test_what_is_no_image_is_skipped(function: Function, key: str) -> None:
    """Folder markers and what operating systems leave behind give no row and no CSV."""
    function.drop(key, b"" if key.endswith("/") else encoded(WIDE))
    assert function.deliver(s3_event(key)) == []
    assert function.csvs() == []


@pytest.mark.parametrize("key", ["predictions/a.png", "models/a.png", "a.png", "Incoming/a.png"])
def test_only_incoming_is_acted_on(function: Function, key: str) -> None:
    """A key outside `incoming/` is acknowledged and left alone, so that no output triggers the function."""
    function.drop(key, encoded(WIDE))
    before = function.csvs()
    assert function.deliver(s3_event(key)) == []
    assert function.csvs() == before


def test_only_the_own_bucket_is_acted_on(function: Function) -> None:
    """An event of another bucket is acknowledged and left alone, though the key exists here too."""
    function.drop("incoming/a.png", encoded(WIDE))
    assert function.deliver(s3_event("incoming/a.png", bucket="another")) == []
    assert function.csvs() == []


def test_the_plain_notification_writes_the_same_csv(function: Function) -> None:
    """An S3 notification without a queue around it does what one in a queue does."""
    function.drop("incoming/a b+c/ü=1.png", encoded(WIDE))
    assert function.invoke(s3_event("incoming/a b+c/ü=1.png")) == {}
    assert function.rows("predictions/a b+c/predictions.csv")[0][0] == "ü=1.png"


def test_a_formula_is_disarmed(function: Function) -> None:
    """A name that a spreadsheet would run gets one quote before it."""
    function.drop("incoming/=1+1.png", encoded(WIDE))
    function.deliver(s3_event("incoming/=1+1.png"))
    assert function.rows("predictions/predictions.csv")[0][0] == "'=1+1.png"


def test_a_batch_that_would_take_the_folder_csv_is_told_to_rename(function: Function) -> None:
    """A batch called `predictions` becomes an error row in the folder's CSV, and its neighbour keeps its own."""
    function.drop("incoming/a/predictions", zipped({"1.png": encoded(WIDE)}))
    function.drop("incoming/a/1.png", encoded(WIDE))
    assert function.deliver(s3_event("incoming/a/1.png"), s3_event("incoming/a/predictions")) == []
    assert function.rows("predictions/a/predictions.csv") == [
        ["1.png", "", "2", "0.9700", "ok", ""],
        ["predictions", "", "", "", "error", "rename"],
    ]


def test_blank_and_doubtful_pictures_are_for_review(function: Function) -> None:
    """A blank picture and one below the model's threshold keep their prediction and are marked for review."""
    function.drop("incoming/r.zip", zipped({"blank.png": encoded(bar(0, 0)), "tall.png": encoded(bar(20, 4))}))
    function.deliver(s3_event("incoming/r.zip"))
    assert [row[4:] for row in function.rows("predictions/r.zip.csv")] == [
        ["review", "blank"],
        ["review", "low-confidence"],
    ]
    assert all(row[2] for row in function.rows("predictions/r.zip.csv"))


def test_another_threshold_is_another_csv_of_the_same_batch(make: Make) -> None:
    """With `ReviewBelow` changed, a repeated event is no repetition: the batch is read again, and reviewed by it."""
    found = []
    for threshold in (None, 0.99, 0.5):
        function = make(review_below=threshold)
        function.drop("incoming/r.zip", zipped({"wide.png": encoded(WIDE), "tall.png": encoded(bar(20, 4))}))
        function.deliver(s3_event("incoming/r.zip"))
        found.append([row[4] for row in function.rows("predictions/r.zip.csv")])
    assert found == [["ok", "review"], ["review", "review"], ["ok", "ok"]]


def test_probabilities_are_ten_more_columns(make: Make) -> None:
    """With `Probabilities` each row has ten more cells; rows that were written without them keep them empty."""
    plain = make()
    plain.drop("incoming/old.png", encoded(WIDE))
    plain.deliver(s3_event("incoming/old.png"))
    function = make(probabilities=True)
    function.drop("incoming/new.png", encoded(WIDE))
    function.deliver(s3_event("incoming/new.png"))
    header, new, old = function.text("predictions/predictions.csv").splitlines()
    assert header.split(",")[7:] == [f"p{number}" for number in range(10)]
    assert new.split(",")[7:] == ["0.0033"] * 2 + ["0.9700"] + ["0.0033"] * 7
    assert old.split(",")[7:] == [""] * 10


def test_an_overwritten_picture_replaces_all_its_rows(function: Function) -> None:
    """A picture that had two pages and now has one stands in the folder's CSV once, and deleting it leaves its row."""
    pages = io.BytesIO()
    Image.fromarray(WIDE).save(pages, "TIFF", save_all=True, append_images=[Image.fromarray(WIDE)])
    function.drop("incoming/p", pages.getvalue())
    function.drop("incoming/q", encoded(WIDE))
    function.deliver(s3_event("incoming/p", "incoming/q"))
    assert len(function.rows("predictions/predictions.csv")) == 3
    function.drop("incoming/p", encoded(bar(14, 20)))
    function.deliver(s3_event("incoming/p"))
    expected = [["p", "", "7", "0.9700", "ok", ""], ["q", "", "2", "0.9700", "ok", ""]]
    assert function.rows("predictions/predictions.csv") == expected
    function.s3.delete_object(Bucket=BUCKET, Key="incoming/p")
    function.deliver(s3_event("incoming/p"))
    assert function.rows("predictions/predictions.csv") == expected


def test_a_batch_is_read_once(function: Function) -> None:
    """A batch whose CSV shows the same source, model and settings is not written again; another model reads it anew."""
    function.drop("incoming/b.zip", zipped({"1.png": encoded(WIDE)}))
    function.deliver(s3_event("incoming/b.zip"))
    first = function.s3.head_object(Bucket=BUCKET, Key="predictions/b.zip.csv")["LastModified"]
    function.s3.put_object_tagging(
        Bucket=BUCKET, Key="predictions/b.zip.csv", Tagging={"TagSet": [{"Key": "seen", "Value": "yes"}]}
    )
    function.deliver(s3_event("incoming/b.zip"))
    tags = function.s3.get_object_tagging(Bucket=BUCKET, Key="predictions/b.zip.csv")["TagSet"]
    assert tags, f"written again after {first}"


def test_a_large_object_arrives_whole(function: Function) -> None:
    """An object of several ranged GETs is read as it was uploaded."""
    padding = bytes(range(256)) * (4096 * 18)
    body = zipped({"1.png": encoded(WIDE), "labels.csv": padding, "2.png": encoded(WIDE)}, method=0)
    assert len(body) > 17 << 20
    function.drop("incoming/large.zip", body)
    function.deliver(s3_event("incoming/large.zip"))
    assert [row[0] for row in function.rows("predictions/large.zip.csv")] == ["1.png", "2.png"]


TWO = np.stack([WIDE, bar(14, 20)])
"""Read as classes 2 and 7."""
TAR = tarred([("z.png", encoded(WIDE)), ("b/a.png", encoded(bar(14, 20)))])
IN_TAR = [["z.png", "", "2"], ["b/a.png", "", "7"]]
BATCHES: dict[str, tuple[bytes, list[list[str]]]] = {
    "a/monday.tar": (TAR, IN_TAR),
    "a/monday.tar.gz": (gzip.compress(TAR), IN_TAR),
    "a/monday.tgz": (gzip.compress(TAR), IN_TAR),
    "a/monday.tar.bz2": (bz2.compress(TAR), IN_TAR),
    "a/monday.tar.xz": (lzma.compress(TAR), IN_TAR),
    "x.npy": (saved(TWO), [["x.npy", "0", "2"], ["x.npy", "1", "7"]]),
    "x.npy.gz": (gzip.compress(saved(TWO)), [["x.npy.gz", "0", "2"], ["x.npy.gz", "1", "7"]]),
    "x.npz": (npz({"k": TWO, "l": WIDE}), [["k.npy", "0", "2"], ["k.npy", "1", "7"], ["l.npy", "", "2"]]),
    "x.npz.gz": (gzip.compress(npz({"k": WIDE})), [["k.npy", "", "2"]]),
    "x.idx3-ubyte": (idx(TWO), [["x.idx3-ubyte", "0", "2"], ["x.idx3-ubyte", "1", "7"]]),
    "x-idx3-ubyte.gz": (gzip.compress(idx(TWO[:1])), [["x-idx3-ubyte.gz", "", "2"]]),
    "no-suffix": (saved(WIDE), [["no-suffix", "", "2"]]),
    "of.png": (TAR, IN_TAR),
    "m.zip": (
        zipped({"t.npy": saved(TWO), "1.png": encoded(WIDE)}),
        [*[["t.npy", n, d] for n, d in ("02", "17")], ["1.png", "", "2"]],
    ),
}


@pytest.mark.parametrize("name", BATCHES)
def test_each_kind_of_batch_gets_a_csv_of_its_own(function: Function, name: str) -> None:
    """Tars, arrays and archives of arrays are batches by their content; `frame` is empty where there is one image."""
    body, expected = BATCHES[name]
    function.drop(f"incoming/{name}", body)
    assert function.deliver(s3_event(f"incoming/{name}")) == []
    assert function.csvs() == [f"predictions/{name}.csv"]
    assert function.rows(f"predictions/{name}.csv") == [[*row, "0.9700", "ok", ""] for row in expected]


ENVELOPES: dict[str, Callable[[str], Event]] = {
    "s3": s3_event,
    "sns": lambda key: sns_event(s3_event(key)),
    "eventbridge": bridged,
    "direct": direct,
    "eventbridge-in-sns": lambda key: sns_event(bridged(key)),
}


@pytest.mark.parametrize("kind", ENVELOPES)
def test_every_envelope_writes_the_same_csv(function: Function, kind: str) -> None:
    """Alone, in a queue, and in a queue by way of a topic; the reply is the one that its sender understands."""
    event = ENVELOPES[kind]
    for name, wrap in (
        ("a+b%20ü", lambda inner: inner),
        ("c d", sqs_event),
        ("e", lambda inner: sqs_event(published(inner))),
    ):
        function.drop(f"incoming/{name}/1.png", encoded(WIDE))
        answer = function.invoke(wrap(event(f"incoming/{name}/1.png")))
        assert answer == ({} if name == "a+b%20ü" else {"batchItemFailures": []})
        assert function.rows(f"predictions/{name}/predictions.csv") == [["1.png", "", "2", "0.9700", "ok", ""]]
