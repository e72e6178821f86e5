"""The table of failures, row by row, through S3 and SQS."""

import bz2
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Callable

import numpy as np
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from PIL import Image

from handler import app
from handler.errors import EventError, ModelError, StoreError
from handler.model import Registry
from handler.ports import Classifier, Images, Probabilities
from tests.doubles import BUCKET, RowClassifier, bar, encoded, s3_event, sqs_event, zipped
from tests.envelopes import bridged, direct, published, sns_event
from tests.integration.conftest import Function, Make
from tests.unit.arraymakers import described, npz, saved
from tests.unit.tarmakers import END, header, tarred

WIDE = encoded(bar(4, 20))
GOOD = ["", "2", "0.9700", "ok", ""]


def error(name: str, code: str) -> list[str]:
    """An error row."""
    return [name, "", "", "", "error", code]


def broken_member() -> bytes:
    """A zip whose second of three members has one wrong byte."""
    body = bytearray(zipped(dict.fromkeys(("1", "2", "3"), WIDE), method=zipfile.ZIP_STORED))
    places = [place for place in range(len(body)) if body[place:].startswith(WIDE)]
    body[places[1] + 20] ^= 255
    return bytes(body)


def encrypted_member() -> bytes:
    """A zip whose second of three members says that it is encrypted."""
    body = bytearray(zipped(dict.fromkeys(("1", "2", "3"), WIDE)))
    entries = [place for place in range(len(body)) if body[place:].startswith(b"PK\x01\x02")]
    body[entries[1] + 8] |= 1
    return bytes(body)


TAR = tarred([("1", WIDE), ("2", WIDE), ("3", WIDE)])
NOISE = np.random.default_rng(1).integers(0, 256, (2, 28, 28)).astype(np.uint8)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (zipped({"1": WIDE, "2": b"plain text", "3": WIDE}), "not-an-image"),
        (zipped({"1": WIDE, "2": b"", "3": WIDE}), "empty"),
        (zipped({"1": WIDE, "2": WIDE[:-20], "3": WIDE}), "truncated"),
        (zipped({"1": WIDE, "2": zipped({"x": WIDE}), "3": WIDE}), "nested-archive"),
        (zipped({"1": WIDE, "2": b"%PDF-1.7", "3": WIDE}), "unsupported"),
        (zipped({"1": WIDE, "2": encoded(bar(30, 40, side=200), "BMP"), "3": WIDE}), "too-large"),
        (broken_member(), "corrupt"),
        (encrypted_member(), "encrypted"),
    ],
)
def test_an_image_that_cannot_be_read_is_an_error_row(make: Make, body: bytes, code: str) -> None:
    """A member that cannot be read is an `error` row with its code; its neighbours are untouched."""
    function = make(max_member_bytes=10_000)
    function.drop("incoming/b.zip", body)
    assert function.deliver(s3_event("incoming/b.zip")) == []
    assert function.rows("predictions/b.zip.csv") == [["1", *GOOD], error("2", code), ["3", *GOOD]]


def test_pixels_over_the_cap_are_an_error_row(make: Make) -> None:
    """A picture of more pixels than the cap is refused, loose too, and its neighbour in the folder is read."""
    function = make(max_pixels=28 * 28)
    function.drop("incoming/big.png", encoded(bar(3, 9, side=29)))
    function.drop("incoming/fit.png", WIDE)
    assert function.deliver(s3_event("incoming/big.png"), s3_event("incoming/fit.png")) == []
    assert function.rows("predictions/predictions.csv") == [error("big.png", "too-large"), ["fit.png", *GOOD]]


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("b.zip", zipped({"1": WIDE})[:-30], "truncated"),
        ("b.zip", b"", "empty"),
        ("b.zip", b"no zip at all", "truncated"),
        ("b.tar", b"no tar at all", "unsupported"),
        ("b.npy", b"no array at all", "unsupported"),
        ("b.npz", b"no zip at all", "truncated"),
        ("b.tar.gz", gzip.compress(b"no tar at all", mtime=0), "unsupported"),
        ("b.tar.xz", lzma.compress(TAR)[:20], "truncated"),
        ("b.tar", END, "empty"),
        ("b.npy", described("|O", (2, 2), bytes(99)), "unsupported"),
        ("b.npy", saved(np.arange(9)), "unsupported"),
        ("b.npy", described("|u1", (10**12, 10**6, 10**6)), "too-large"),
        ("b.npy", saved(np.zeros((0, 28, 28))), "empty"),
        ("b.zip", zipped({}), "empty"),
    ],
)
def test_an_archive_that_cannot_be_opened_is_one_error_row(
    function: Function, name: str, body: bytes, code: str
) -> None:
    """An archive that cannot be opened gets a CSV with one `error` row that names it."""
    function.drop(f"incoming/{name}", body)
    assert function.deliver(s3_event(f"incoming/{name}")) == []
    assert function.rows(f"predictions/{name}.csv") == [error(name, code)]


@pytest.mark.parametrize(
    ("cap", "code"),
    [({"max_members": 2}, "too-many-members"), ({"max_inflated_bytes": 2 * len(WIDE)}, "too-large")],
)
def test_past_a_cap_of_the_archive_one_row_says_where_it_ended(make: Make, cap: dict[str, int], code: str) -> None:
    """An archive that passes a cap has rows for what was read, then one `error` row that says where it ended."""
    function = make(**cap)
    function.drop("incoming/b.zip", zipped(dict.fromkeys(("1", "2", "third", "4"), WIDE)))
    assert function.deliver(s3_event("incoming/b.zip")) == []
    assert function.rows("predictions/b.zip.csv") == [["1", *GOOD], ["2", *GOOD], error("b.zip", code)]
    assert "'third'" in function.text("predictions/b.zip.csv")


def test_an_archive_that_breaks_half_way_keeps_its_first_rows(function: Function) -> None:
    """An archive whose directory breaks has rows for the members before, then one `error` row."""
    body = bytearray(zipped(dict.fromkeys(("1", "2", "3"), WIDE)))
    entries = [place for place in range(len(body)) if body[place:].startswith(b"PK\x01\x02")]
    body[entries[2]] ^= 255
    function.drop("incoming/b.zip", bytes(body))
    assert function.deliver(s3_event("incoming/b.zip")) == []
    assert function.rows("predictions/b.zip.csv") == [["1", *GOOD], ["2", *GOOD], error("b.zip", "corrupt")]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_a_tar_that_breaks_half_way_keeps_its_first_rows(function: Function, pack: Callable[[bytes], bytes]) -> None:
    """A tar that ends early, or whose header breaks, has rows for the members before, then one `error` row."""
    function.drop("incoming/cut.tar", pack(TAR[: 512 * 5]))
    function.drop("incoming/bad.tar", pack(TAR[: 512 * 4] + b"?" + TAR[512 * 4 + 1 :]))
    assert function.deliver(s3_event("incoming/cut.tar", "incoming/bad.tar")) == []
    assert function.rows("predictions/cut.tar.csv") == [["1", *GOOD], ["2", *GOOD], error("cut.tar", "truncated")]
    assert function.rows("predictions/bad.tar.csv") == [["1", *GOOD], ["2", *GOOD], error("bad.tar", "corrupt")]


def test_a_giant_header_of_a_tar_is_not_read(function: Function) -> None:
    """An extended header of 1.5 GB ends the archive: rows so far, then one `error` row."""
    bomb = gzip.compress(TAR[: 512 * 2] + header(b"e", 1_500_000_000, b"x")) + gzip.compress(bytes(1 << 20)) * 1431
    function.drop("incoming/b.tar.gz", bomb)
    assert function.deliver(s3_event("incoming/b.tar.gz")) == []
    assert function.rows("predictions/b.tar.gz.csv") == [["1", *GOOD], error("b.tar.gz", "too-large")]


@pytest.mark.parametrize("body", [saved(NOISE)[:-1], gzip.compress(saved(NOISE), mtime=0)[:-300]])
def test_an_array_that_breaks_half_way_keeps_its_first_rows(function: Function, body: bytes) -> None:
    """An array that ends in its second image has a row for the first, then one `error` row with the next frame."""
    function.drop("incoming/b", body)
    assert function.deliver(s3_event("incoming/b")) == []
    first, last = function.rows("predictions/b.csv")
    assert first[:2] == ["b", "0"]
    assert first[4] != "error"
    assert last == ["b", "1", "", "", "error", "truncated"]


def test_a_labels_array_beside_images_is_one_error_row(function: Function) -> None:
    """MNIST's own .npz holds labels too: they are one row, and the images are untouched."""
    images = np.stack([bar(4, 20)] * 2)
    function.drop("incoming/mnist.npz", npz({"y_test": np.arange(2), "x_test": images}))
    assert function.deliver(s3_event("incoming/mnist.npz")) == []
    assert function.rows("predictions/mnist.npz.csv") == [
        error("y_test.npy", "unsupported"),
        *(["x_test.npy", frame, *GOOD[1:]] for frame in "01"),
    ]


def test_frames_over_the_cap_end_in_an_error_row(make: Make) -> None:
    """A picture of more frames than the cap has rows for those before it, then one `error` row."""
    function = make(max_frames=2)
    pages = [bar(4, 20), bar(4, 20), bar(4, 20)]
    first, *others = (Image.fromarray(page) for page in pages)
    file = io.BytesIO()
    first.save(file, "TIFF", save_all=True, append_images=others)
    function.drop("incoming/p.tif", file.getvalue())
    assert function.deliver(s3_event("incoming/p.tif")) == []
    assert [row[:3] + row[4:] for row in function.rows("predictions/predictions.csv")] == [
        ["p.tif", "0", "2", "ok", ""],
        ["p.tif", "1", "2", "ok", ""],
        ["p.tif", "2", "", "error", "too-many-frames"],
    ]


@pytest.mark.parametrize("name", ["b.zip", "p.png"])
def test_an_object_over_the_cap_is_an_error_row(make: Make, name: str) -> None:
    """An object of more bytes than the cap is not fetched, and says so in a row of its own CSV."""
    function = make(max_object_bytes=50)
    function.drop(f"incoming/{name}", zipped({"1": WIDE}) if name == "b.zip" else WIDE)
    assert function.deliver(s3_event(f"incoming/{name}")) == []
    assert function.rows(function.csvs()[0]) == [error(name, "too-large")]


def test_an_object_that_is_gone_is_acknowledged(function: Function) -> None:
    """An event of an object that was deleted is acknowledged and writes nothing."""
    assert function.deliver(s3_event("incoming/gone.zip"), s3_event("incoming/gone.png")) == []
    assert function.csvs() == []


def fail_calls(function: Function, operation: str, key: str, fault: Exception) -> None:
    """Make S3 fail one operation on one key."""

    def raise_fault(params: dict[str, str], **_others: object) -> None:
        if params.get("Key") == key:
            raise fault

    function.s3.meta.events.register(f"provide-client-params.s3.{operation}", raise_fault)


SLOW_DOWN = ClientError({"Error": {"Code": "SlowDown", "Message": "Please reduce your request rate."}}, "GetObject")
TIMED_OUT = ReadTimeoutError(endpoint_url="s3")


@pytest.mark.parametrize("fault", [SLOW_DOWN, TIMED_OUT, OSError("connection reset")])
@pytest.mark.parametrize("key", ["incoming/a/bad.zip", "incoming/a/bad.png"])
def test_a_fault_of_s3_fails_that_message_only(function: Function, fault: Exception, key: str) -> None:
    """Where S3 throttles or times out, that message alone fails and is hidden for 30 s; nothing is written for it."""
    function.drop(key, zipped({"1": WIDE}))
    function.drop("incoming/a/good.png", WIDE)
    fail_calls(function, "GetObject", key, fault)
    assert function.deliver(s3_event(key), s3_event("incoming/a/good.png")) == ["0"]
    assert function.csvs() == ["predictions/a/predictions.csv"]
    assert function.rows("predictions/a/predictions.csv") == [["good.png", *GOOD]]


def test_a_csv_that_cannot_be_written_fails_its_messages_only(function: Function) -> None:
    """Where a folder's CSV cannot be written, the images of that folder fail and those of another do not."""
    for key in ("incoming/a/1", "incoming/a/2", "incoming/b/1"):
        function.drop(key, WIDE)
    fail_calls(function, "PutObject", "predictions/a/predictions.csv", SLOW_DOWN)
    assert function.deliver(*map(s3_event, ("incoming/a/1", "incoming/b/1", "incoming/a/2"))) == ["0", "2"]
    assert function.csvs() == ["predictions/b/predictions.csv"]


@pytest.mark.parametrize(("receives", "seconds"), [(1, 30), (2, 120), (3, 480), (4, 900), (5, 900)])
def test_a_failed_message_waits_longer_each_time(
    function: Function, monkeypatch: pytest.MonkeyPatch, receives: int, seconds: int
) -> None:
    """A failed message is visible again after 30 s × 4ⁿ, at most 15 minutes."""
    delays: list[tuple[str, int]] = []
    monkeypatch.setattr(function.tools.queue, "delay", lambda *call: delays.append(call))
    function.drop("incoming/1", WIDE)
    fail_calls(function, "GetObject", "incoming/1", SLOW_DOWN)
    assert function.deliver(s3_event("incoming/1"), receives=receives) == ["0"]
    assert delays == [("receipt-0", seconds)]


def refuse() -> Classifier:
    """No model."""
    raise ModelError("no model is published yet")


def test_without_a_model_only_messages_with_work_fail(make: Make) -> None:
    """With no model published, messages that bring images fail and wait; a test event is acknowledged."""
    function = make(refuse)
    function.drop("incoming/1", WIDE)
    test_event = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET}
    assert function.deliver(test_event, s3_event("incoming/1"), s3_event("elsewhere/2")) == ["1"]
    assert function.csvs() == []


def test_a_model_that_fails_its_checksum_fails_the_message(make: Make) -> None:
    """A card that is not the one `current.json` names is never used."""
    function = make()
    registry = Registry(function.tools.store)
    function = make(registry.current)
    function.drop("models/current.json", json.dumps({"version": "0" * 12}).encode())
    function.drop("models/000000000000/card.json", b"{}")
    function.drop("incoming/1", WIDE)
    assert function.deliver(s3_event("incoming/1")) == ["0"]
    with pytest.raises(ModelError, match=r"card\.json is not the card that was published"):
        registry.current()


def test_drops_that_there_is_no_time_for_are_sent_afresh(make: Make) -> None:
    """When time is running out, drops not begun go to the queue as fresh messages and are acknowledged."""
    function = make(fetch_threads=1)
    function.seconds = 0.0
    for number in range(3):
        function.drop(f"incoming/a/ü {number}.zip", zipped({"1": WIDE}))
    assert function.deliver(*(s3_event(f"incoming/a/ü {number}.zip") for number in range(3))) == []
    assert function.csvs() == ["predictions/a/ü 0.zip.csv"]
    waiting = receive(function)
    assert len(waiting) == 2
    function.seconds = 300.0
    assert function.deliver(*waiting) == []
    assert len(function.csvs()) == 3


def receive(function: Function) -> list[str]:
    """Bodies of all messages that are in the queue."""
    sqs = function.tools.queue._client  # type: ignore[union-attr]
    url = function.tools.settings.queue_url
    return [
        message["Body"] for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    ]


class Ending:
    """Time that runs out after some looks at it."""

    aws_request_id = "a-request"

    def __init__(self, looks: int) -> None:
        self.looks = looks

    def get_remaining_time_in_millis(self) -> int:
        """300 s, then nothing."""
        self.looks -= 1
        return 300_000 if self.looks >= 0 else 0


def test_a_drop_that_outlasts_its_invocation_says_so(function: Function) -> None:
    """A batch that had the whole invocation and did not end has rows so far, then one `out-of-time` row."""
    function.drop("incoming/b.zip", zipped({str(number): WIDE for number in range(9)}))
    app.lambda_handler(s3_event("incoming/b.zip"), Ending(4))
    rows = function.rows("predictions/b.zip.csv")
    assert 1 <= len(rows) - 1 < 9
    assert rows[-1] == error("b.zip", "out-of-time")
    assert all(row[1:] == GOOD for row in rows[:-1])


def test_a_batch_that_was_cut_is_read_again_when_it_is_dropped_again(function: Function) -> None:
    """An `out-of-time` CSV does not stand for good: the same object, dropped once more, is read with all the time."""
    function.drop("incoming/b.zip", zipped({str(number): WIDE for number in range(9)}))
    app.lambda_handler(s3_event("incoming/b.zip"), Ending(4))
    assert function.rows("predictions/b.zip.csv")[-1] == error("b.zip", "out-of-time")
    assert function.deliver(s3_event("incoming/b.zip")) == []
    assert len(function.rows("predictions/b.zip.csv")) == 9


def test_a_batch_that_was_begun_late_is_sent_afresh(function: Function) -> None:
    """A batch that is cut short after others had their time begins anew in another invocation, and has no CSV yet."""
    function.drop("incoming/1.png", WIDE)
    function.drop("incoming/b.zip", zipped({str(number): WIDE for number in range(9)}))
    app.lambda_handler(s3_event("incoming/1.png", "incoming/b.zip"), Ending(4))
    assert function.csvs() == ["predictions/predictions.csv"]
    assert [json.loads(body)["Records"][0]["s3"]["object"]["key"] for body in receive(function)] == ["incoming%2Fb.zip"]


def test_a_batch_that_had_to_wait_is_begun_before_all_others(function: Function) -> None:
    """A batch that is cut short each time because others go first gets the whole of the next invocation."""
    function.drop("incoming/b.zip", zipped({str(number): WIDE for number in range(9)}))
    function.drop("incoming/1.png", WIDE)
    app.lambda_handler(s3_event("incoming/1.png", "incoming/b.zip"), Ending(4))
    (waiting,) = receive(function)
    app.lambda_handler(sqs_event(s3_event("incoming/1.png"), waiting), Ending(4))
    assert function.rows("predictions/b.zip.csv")[-1] == error("b.zip", "out-of-time")
    (waiting,) = receive(function)
    assert json.loads(waiting)["Records"][0]["s3"]["object"]["key"] == "incoming%2F1.png"


@pytest.mark.parametrize("event", [{}, [], None, {"Records": []}, {"detail-type": "?"}, {"Records": [{"x": 1}]}])
def test_an_unknown_envelope_raises(function: Function, event: object) -> None:
    """An envelope that nobody knows raises, and is never taken for one without drops."""
    with pytest.raises(EventError, match="no envelope"):
        function.invoke(event)


UNKNOWN = {"source": "aws.s3", "detail-type": "Object Created", "detail": {}}


@pytest.mark.parametrize("event", [sns_event("no json"), sns_event({}), UNKNOWN, direct(5), published(UNKNOWN)])
def test_an_unknown_envelope_in_another_raises_or_fails_its_message(function: Function, event: object) -> None:
    """Alone it raises; in a queue its message fails and its neighbours are done with."""
    with pytest.raises(EventError):
        function.invoke(event)
    function.drop("incoming/1", WIDE)
    assert function.deliver(event, bridged("incoming/1")) == ["0"]
    assert function.rows("predictions/predictions.csv") == [["1", *GOOD]]


def test_in_a_topic_all_are_tried_before_the_failure_raises(function: Function) -> None:
    """A topic takes no partial reply: what can be written is, then the first failure raises, and it comes again."""
    for key in ("incoming/a/1", "incoming/b/2"):
        function.drop(key, WIDE)
    fail_calls(function, "GetObject", "incoming/a/1", SLOW_DOWN)
    with pytest.raises(StoreError, match="SlowDown"):
        function.invoke(sns_event(s3_event("incoming/a/1"), bridged("incoming/b/2")))
    assert function.rows("predictions/b/predictions.csv") == [["2", *GOOD]]


@pytest.mark.parametrize("body", ["no json", "{}", "[]", "null", '{"Records": 5}'])
def test_an_unknown_body_fails_that_message_only(function: Function, body: str) -> None:
    """A poison message fails by itself, and its neighbours are done with."""
    function.drop("incoming/1", WIDE)
    assert function.deliver(body, s3_event("incoming/1")) == ["0"]
    assert function.rows("predictions/predictions.csv") == [["1", *GOOD]]


def test_without_a_queue_all_are_tried_before_the_failure_raises(function: Function) -> None:
    """Without SQS around, a failing record does not keep the others from being done; then it raises."""
    for key in ("incoming/a/1", "incoming/b/2"):
        function.drop(key, WIDE)
    fail_calls(function, "GetObject", "incoming/a/1", SLOW_DOWN)
    with pytest.raises(StoreError, match="SlowDown"):
        function.invoke(s3_event("incoming/a/1", "incoming/b/2"))
    assert function.rows("predictions/b/predictions.csv") == [["2", *GOOD]]


@pytest.mark.parametrize(
    "foreign", ["", "name,label\nx,1\n", "image,frame,digit,confidence,status,detail,model\nshort\n"]
)
def test_a_foreign_csv_is_never_written_over(function: Function, foreign: str) -> None:
    """An object in the place of a folder's CSV that is not ours stays as it is, and the message fails."""
    function.drop("predictions/predictions.csv", foreign.encode())
    function.drop("incoming/1", WIDE)
    assert function.deliver(s3_event("incoming/1")) == ["0"]
    assert function.text("predictions/predictions.csv") == foreign


class FailsOnTwo(RowClassifier):
    """A model with a fault that nobody foresaw."""

    def probabilities(self, images: Images) -> Probabilities:
        """Fails where two images come at once."""
        if len(images) == 2:
            raise ZeroDivisionError
        return super().probabilities(images)


def test_a_fault_of_ours_costs_one_message(make: Make) -> None:
    """An error that nobody foresaw fails the message that met it, and its neighbours are written."""
    function = make(FailsOnTwo)
    function.drop("incoming/b.zip", zipped({"1": WIDE, "2": WIDE}))
    function.drop("incoming/1", WIDE)
    assert function.deliver(s3_event("incoming/b.zip"), s3_event("incoming/1")) == ["0"]
    assert function.csvs() == ["predictions/predictions.csv"]
