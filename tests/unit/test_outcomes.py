"""What is told of drops, and where their time went."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from handler.delivery import Tools, deliver
from handler.errors import ModelError, StoreError
from handler.events import unwrap
from handler.outcomes import Failed, Outcome, Postponed, Skipped, Written
from handler.ports import Classifier, Images, Probabilities
from handler.predictions import Counts
from handler.settings import Settings
from handler.standing import GONE, STANDS
from tests.doubles import (
    BUCKET,
    Clock,
    MemoryQueue,
    MemoryStore,
    RowClassifier,
    Stored,
    bar,
    encoded,
    nothing,
    s3_event,
    sqs_event,
    sqs_record,
    zipped,
)

WIDE, TALL = encoded(bar(4, 20)), encoded(bar(20, 4))
MODEL = RowClassifier().version
BATCH = zipped({"ok.png": WIDE, "tall.png": TALL, "none.png": b"none", "more.png": WIDE})
SECONDS = {"peek": 1, "fetch": 10, "head": 100, "put": 1000}
"""What each call of the store takes on the test's clock."""
MODEL_SECONDS = 10_000


@dataclass
class Scene:
    """A store, a model and a clock that only they move."""

    clock: Clock = field(default_factory=Clock)
    before: Callable[[str], None] = nothing
    left: float = 300.0
    store: MemoryStore = field(init=False)
    told: list[Outcome] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Let each call take its time."""
        self.store = MemoryStore(self._call)

    def _call(self, call: str) -> None:
        self.clock.pass_by(SECONDS[call])
        self.before(call)

    def deliver(
        self, *keys: str, model: Callable[[], Classifier] | None = None, group_size: int = 256
    ) -> list[Outcome]:
        """Deliver each key in a message of its own; gives what was told."""
        settings = Settings(BUCKET, queue_url="there is one", fetch_threads=1, group_size=group_size)
        classifier = SlowClassifier(self.clock)
        tools = Tools(settings, self.store, MemoryQueue(), model or (lambda: classifier), clock=self.clock)
        self.told.clear()
        deliver(unwrap(sqs_event(*map(s3_event, keys))), tools, lambda: self.left, self.told.append)
        return self.told


class SlowClassifier(RowClassifier):
    """A model that takes its time."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        object.__setattr__(self, "clock", clock)

    def probabilities(self, images: Images) -> Probabilities:
        """The same for every group."""
        self.clock.pass_by(MODEL_SECONDS)  # type: ignore[attr-defined]  # a frozen class has no other way
        return super().probabilities(images)


def refuse() -> Classifier:
    """There is no model."""
    raise ModelError("no model is published yet")


@pytest.fixture
def scene() -> Scene:
    """An empty bucket."""
    return Scene()


def test_a_batch_is_told_with_its_rows_and_its_time_by_stage(scene: Scene) -> None:
    """Its second peek and its fetch, the model, and the four looks and one write of a commit."""
    scene.store.objects["incoming/b.zip"] = Stored(BATCH + bytes(2000))
    (written,) = scene.deliver("incoming/b.zip")
    assert written == Written(
        "incoming/b.zip",
        MODEL,
        Counts(rows=4, errors=1, reviews=1),
        {"fetch": 1 + 10, "read": 0, "classify": MODEL_SECONDS, "write": 4 * 100 + 1000},
    )


def test_loose_images_share_the_time_of_their_folders_csv(scene: Scene) -> None:
    """Each is told by itself; reading them is shared by all, and the commit by its own folder's, equally."""
    for name in ("a/1", "a/2", "b/3"):
        scene.store.objects[f"incoming/{name}"] = Stored(WIDE)
    told = scene.deliver("incoming/a/1", "incoming/a/2", "incoming/b/3")
    assert {one.key: one.seconds for one in told if isinstance(one, Written)} == {
        f"incoming/{name}": {"fetch": 1, "read": 0, "classify": MODEL_SECONDS / 3, "write": commit / share}
        for name, commit, share in (("a/1", 1 + 400 + 1000, 2), ("a/2", 1 + 400 + 1000, 2), ("b/3", 1 + 200 + 1000, 1))
    }
    assert all(isinstance(one, Written) and one.counts == Counts(1, 0, 0) for one in told)


def test_a_commit_that_was_tried_again_took_the_time_of_all_its_tries(scene: Scene) -> None:
    """What another writer costs is time of writing."""
    scene.store.objects["incoming/1"] = Stored(WIDE)

    def write_first(call: str) -> None:
        if call == "put" and "predictions/predictions.csv" not in scene.store.objects:
            scene.store.objects["predictions/predictions.csv"] = Stored(
                b"image,frame,digit,confidence,status,detail,model\n"
            )

    scene.before = write_first
    (written,) = scene.deliver("incoming/1")
    assert isinstance(written, Written)
    assert written.seconds["write"] == (1 + 100 + 1000) + (1 + 100 + 1000 + 100)


def test_a_batch_whose_csv_stands_is_skipped(scene: Scene) -> None:
    """A repeated event is told as one, and counts as no drop."""
    scene.store.objects["incoming/b.zip"] = Stored(BATCH)
    assert isinstance(scene.deliver("incoming/b.zip")[0], Written)
    assert scene.deliver("incoming/b.zip") == [Skipped("incoming/b.zip", STANDS)]


@pytest.mark.parametrize("key", ["incoming/b.zip", "incoming/1.png"])
@pytest.mark.parametrize("body", [None, WIDE + b"\0"])
def test_what_was_not_written_is_not_told_as_written(scene: Scene, key: str, body: bytes | None) -> None:
    """An object that is deleted or overwritten before its CSV is written has no rows, and another event or none."""
    scene.store.objects[key] = Stored(BATCH if key.endswith("zip") else WIDE)
    calls: list[str] = []

    def interfere(call: str) -> None:
        calls.append(call)
        if calls.count("peek") >= 2 and call == "head" and key in scene.store.objects:
            if body is None:
                del scene.store.objects[key]
            else:
                scene.store.objects[key] = Stored(body)

    scene.before = interfere
    assert scene.deliver(key) == [Skipped(key, GONE)]
    assert [name for name in scene.store.objects if name.startswith("predictions/")] == []


def test_what_is_read_again_is_told_once(scene: Scene) -> None:
    """An object that is overwritten around the write is told when its rows are those of what lies there."""
    scene.store.objects["incoming/1.png"] = Stored(WIDE)
    puts: list[str] = []

    def overwrite(call: str) -> None:
        if call == "put":
            puts.append(call)
            if len(puts) == 1:
                scene.store.objects["incoming/1.png"] = Stored(b"none")

    scene.before = overwrite
    (written,) = scene.deliver("incoming/1.png")
    assert isinstance(written, Written)
    assert written.counts == Counts(rows=1, errors=1)
    assert len(puts) == 2


def test_the_log_names_the_keys_of_what_was_not_written(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever became of them: gone, failed for a reason or by a fault of ours, and put off."""

    class Faulty(RowClassifier):
        def probabilities(self, _images: Images) -> Probabilities:
            raise ZeroDivisionError

    caplog.set_level("INFO", "digitdrop")
    scene.store.objects = {f"incoming/{name}": Stored(WIDE) for name in ("a/1", "b\n2")}
    scene.store.objects["predictions/a/predictions.csv"] = Stored(b"foreign")
    scene.deliver("incoming/gone", "incoming/a/1")
    scene.deliver("incoming/b\n2", model=Faulty)
    scene.left = 0.0
    scene.deliver("incoming/gone", "incoming/a/1", "incoming/b\n2")
    found = [(one.getMessage().split(":")[0], one.__dict__["keys"]) for one in caplog.records]
    assert found == [
        ("gone, nothing to do", ["incoming/gone"]),
        ("failed", ["incoming/a/1"]),
        ("failed, by a fault of the handler", ["incoming/b\n2"]),
        ("gone, nothing to do", ["incoming/gone"]),
        ("postponed", ["incoming/b\n2"]),
        ("failed", ["incoming/a/1"]),
    ]


def test_a_large_folder_is_not_named_key_by_key(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """The first twenty and how many there are: a line of a hundred long keys would be cut, and be no JSON any more."""
    keys = [f"incoming/a/{number}" for number in range(30)]
    scene.store.objects = {key: Stored(WIDE) for key in keys} | {"predictions/a/predictions.csv": Stored(b"foreign")}
    scene.deliver(*keys)
    (line,) = [one.__dict__ for one in caplog.records if one.getMessage().startswith("failed")]
    assert (line["keys"], line["count"]) == (keys[:20], 30)


def test_drops_of_another_bucket_are_told(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """They are acknowledged, since nobody could ever read them, but not in silence."""
    event = sqs_event(s3_event("incoming/1", "incoming/2", bucket="former"), s3_event("elsewhere/3"))
    tools = Tools(Settings(BUCKET, queue_url="q"), scene.store, MemoryQueue(), RowClassifier)
    assert deliver(unwrap(event), tools, lambda: 300, scene.told.append) == {}
    (line,) = [one.__dict__ for one in caplog.records]
    assert (line["levelname"], line["keys"]) == ("WARNING", ["incoming/1", "incoming/2"])
    assert line["message"] == "of another bucket than this function's, not read"
    assert scene.told == []


def test_a_message_that_is_not_understood_is_named(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """By the identifier that it has in the dead-letter queue too, and how often it came."""
    tools = Tools(Settings(BUCKET, queue_url="q"), scene.store, MemoryQueue(), RowClassifier)
    deliver(unwrap(sqs_event('{"hello": "world"}', receives=3)), tools, lambda: 300, scene.told.append)
    (line,) = [one.__dict__ for one in caplog.records]
    assert line["message"].startswith("not understood: no envelope that this function knows")
    assert (line["message_id"], line["receives"]) == ("message-0", 3)


def test_drops_that_fail_are_told_one_by_one(scene: Scene) -> None:
    """Where S3 fails, where there is no model, and not those that are gone; those that wait are told as waiting."""

    def fail(call: str) -> None:
        if call == "put":
            raise StoreError("slow down")

    keys = ["incoming/a/1", "incoming/a/2", "incoming/b.zip"]
    scene.store.objects = {key: Stored(BATCH if "zip" in key else WIDE) for key in keys}
    scene.before = fail
    assert scene.deliver(*keys, "incoming/gone") == [Failed(key) for key in keys]
    assert scene.deliver(*keys, keys[0], model=refuse) == [Failed(key) for key in keys]
    scene.before, scene.left = nothing, 0.0
    written, *waiting = scene.deliver(*keys)
    assert written.key == keys[0]
    assert waiting == [Postponed(key) for key in keys[1:]]


def test_what_is_set_aside_is_told_as_waiting(scene: Scene) -> None:
    """Beside a message that came before all others are sent afresh, and so come later."""
    keys = ["incoming/1", "incoming/2", "incoming/3"]
    scene.store.objects = {key: Stored(WIDE) for key in keys}
    records = [sqs_record(key, json.dumps(s3_event(key)), 3 if key == keys[1] else 1) for key in keys]
    tools = Tools(Settings(BUCKET, queue_url="q"), scene.store, MemoryQueue(), RowClassifier)
    deliver(unwrap({"Records": records}), tools, lambda: 300, scene.told.append)
    assert scene.told[:2] == [Postponed(keys[0]), Postponed(keys[2])]
    assert [one.key for one in scene.told[2:]] == [keys[1]]


@pytest.mark.parametrize("left", [300.0, 0.0])
def test_every_outcome_knows_since_when_its_drop_waits(scene: Scene, left: float) -> None:
    """However it ends: written, skipped, failed or postponed, loose or a batch, with a model or without."""
    keys = ["incoming/a/1", "incoming/b/2", "incoming/c.zip", "incoming/d.zip"]
    scene.store.objects = {key: Stored(BATCH if "zip" in key else WIDE) for key in keys}
    scene.store.objects["predictions/b/predictions.csv"] = Stored(b"foreign")
    scene.deliver("incoming/d.zip")
    event = sqs_event(*map(s3_event, keys))
    for number, record in enumerate(event["Records"]):  # type: ignore[arg-type, var-annotated]  # a list of records
        record["attributes"]["SentTimestamp"] = str(1000 + number)
    tools = Tools(Settings(BUCKET, queue_url="q", fetch_threads=1), scene.store, MemoryQueue(), RowClassifier)
    scene.told.clear()
    deliver(unwrap(event), tools, lambda: left, scene.told.append)
    deliver(unwrap(event), replace(tools, current_model=refuse), lambda: left, scene.told.append)
    since = {key: 1000 + number for number, key in enumerate(keys)}
    assert [one.since for one in scene.told] == [since[one.key] for one in scene.told]
    kinds = {Written, Failed, Postponed} if left == 0 else {Written, Failed, Skipped}
    assert {type(one) for one in scene.told} == kinds
