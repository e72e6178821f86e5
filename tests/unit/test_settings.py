"""Environment variables to settings."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.errors import SettingsError
from handler.settings import _RANGES, Settings, read_settings

NAMES = [field.name for field in dataclasses.fields(Settings)]
NUMBERS = list(_RANGES)


def read(**variables: str) -> Settings:
    """Settings from the bucket and some more variables."""
    return read_settings({"DIGITDROP_BUCKET": "digits"} | variables)


def test_defaults_hold_where_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bucket is all that is needed; a variable set to nothing is not set."""
    monkeypatch.setattr("handler.settings.cores", lambda: 1)
    assert read() == Settings("digits")
    assert read(**{name.upper(): "  " for name in NAMES if name != "digitdrop_bucket"}) == Settings("digits")
    assert read(PATH="/bin", UNKNOWN="1") == Settings("digits")


@pytest.mark.parametrize("environment", [{}, {"DIGITDROP_BUCKET": ""}, {"DIGITDROP_BUCKET": " "}])
def test_the_bucket_has_no_default(environment: dict[str, str]) -> None:
    """Without it nothing can be done, and the error says what to set."""
    with pytest.raises(SettingsError, match="DIGITDROP_BUCKET is not set"):
        read_settings(environment)


@pytest.mark.parametrize("name", NUMBERS)
def test_every_number_is_read_from_its_variable(name: str) -> None:
    """Both ends of its range are in it, and what is read is of the field's kind."""
    for value in _RANGES[name]:
        found = getattr(read(**{name.upper(): f" {value} "}), name)
        assert found == value
        default = getattr(Settings("digits"), name)
        assert type(found) is (float if default is None else type(default))


def test_every_number_has_a_range_that_its_default_is_in() -> None:
    """No number can be set without bounds."""
    for field in dataclasses.fields(Settings):
        if isinstance(field.default, int | float) and not isinstance(field.default, bool):
            low, high = _RANGES[field.name]
            assert low <= field.default <= high


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["many", "1,5", "-1", "nan", "inf", "1e99", "0x10", "9" * 40, "9" * 5000])
def test_a_wrong_number_is_named_with_its_range(name: str, value: str) -> None:
    """The error names the variable, its value, and both ends of what it must be, digit for digit."""
    low, high = _RANGES[name]
    with pytest.raises(SettingsError) as caught:
        read(**{name.upper(): value})

    for part in (name.upper(), value, f" {low} ", f" {high}"):
        assert part in str(caught.value)


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_just_outside_are_refused(name: str) -> None:
    """The ends of a range are the last values in it."""
    low, high = _RANGES[name]
    for value in (low - 1, high + 1):
        with pytest.raises(SettingsError):
            read(**{name.upper(): str(value)})


@pytest.mark.parametrize(("text", "value"), [("true", True), ("TRUE", True), ("false", False), ("False", False)])
def test_probabilities_are_true_or_false(text: str, value: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """In whatever case CloudFormation writes them."""
    assert read(PROBABILITIES=text).probabilities is value


@pytest.mark.parametrize("text", ["yes", "1", "on", "none"])
def test_other_words_are_not_taken_for_true_or_false(text: str) -> None:
    """A wrong word is named, never guessed at."""
    with pytest.raises(SettingsError, match=f"PROBABILITIES='{text}' must be true or false"):
        read(PROBABILITIES=text)


def test_the_log_level_is_one_of_logging() -> None:
    """Any case; another word is named with all that there are."""
    assert read(LOG_LEVEL="debug").log_level == "DEBUG"
    with pytest.raises(SettingsError, match="LOG_LEVEL='LOUD' must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL"):
        read(LOG_LEVEL="LOUD")


def test_texts_are_read_as_they_are() -> None:
    """The queue's address keeps its case."""
    assert read(QUEUE_URL="https://sqs/Q").queue_url == "https://sqs/Q"


def test_the_digest_differs_exactly_where_rows_would() -> None:
    """Caps, probability columns and the threshold decide rows; how fast and how often they are made does not."""
    digest = Settings("digits").digest()
    others = {"digitdrop_bucket": "b", "queue_url": "q", "group_size": 1, "fetch_threads": 1, "workers": 3}
    others |= {"reserve_seconds": 1.0, "retry_base_seconds": 1.0, "retry_limit_seconds": 1.0, "log_level": "DEBUG"}
    decisive = {name: 1 for name in NAMES if name.startswith("max_")} | {"probabilities": True, "review_below": 0.0}

    assert {*others, *decisive} == set(NAMES)
    assert len(digest) == 12
    assert set(digest) <= set("0123456789abcdef")
    for name, value in others.items():
        assert dataclasses.replace(Settings("digits"), **{name: value}).digest() == digest  # type: ignore[arg-type]  # of its kind
    digests = {dataclasses.replace(Settings("digits"), **{name: value}).digest() for name, value in decisive.items()}  # type: ignore[arg-type]  # likewise
    assert len({digest, *digests}) == len(decisive) + 1


@given(st.dictionaries(st.sampled_from([name.upper() for name in NAMES]), st.text(max_size=12)))
def test_any_environment_gives_settings_or_a_settings_error(environment: dict[str, str]) -> None:
    """No value raises anything else."""
    try:
        found = read_settings(environment)
    except SettingsError:
        return
    assert found.digitdrop_bucket


@pytest.mark.parametrize(("memory", "pixels"), [("512", 13_086_228), ("1769", 50_000_000), ("128", 1_000_000)])
def test_little_memory_means_fewer_pixels(memory: str, pixels: int) -> None:
    """A function with little memory refuses pictures that it could not hold; a set `MAX_PIXELS` stands."""
    environment = {"DIGITDROP_BUCKET": "b", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": memory}
    assert read_settings(environment).max_pixels == pixels
    assert read_settings(environment | {"MAX_PIXELS": "5"}).max_pixels == 5


@pytest.mark.parametrize(("memory", "threads"), [("512", 32), ("1769", 64), ("10240", 64), ("1", 1)])
def test_little_memory_means_fewer_requests_at_a_time(memory: str, threads: int) -> None:
    """What they bring is held until it is its turn; a set `FETCH_THREADS` stands."""
    environment = {"DIGITDROP_BUCKET": "b", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": memory}
    assert read_settings(environment).fetch_threads == threads
    assert read_settings(environment | {"FETCH_THREADS": "5"}).fetch_threads == 5


@pytest.mark.parametrize(
    ("memory", "processors", "workers"),
    [
        *(("", 1, 0), ("", 2, 1), ("", 6, 5), ("much", 2, 1)),
        *(("512", 2, 0), ("1769", 2, 0), ("2048", 2, 0), ("3008", 2, 1), ("3538", 2, 1), ("3538", 1, 0)),
        *(("10240", 6, 5), ("", 64, 16)),
    ],
)
def test_there_are_as_many_workers_as_processors_to_spare(
    monkeypatch: pytest.MonkeyPatch, memory: str, processors: int, workers: int
) -> None:
    """On Lambda they come with the memory; a set `WORKERS` stands."""
    monkeypatch.setattr("handler.settings.cores", lambda: processors)
    environment = {"DIGITDROP_BUCKET": "b", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": memory}

    assert read_settings(environment).workers == workers
    assert read_settings(environment | {"WORKERS": "0"}).workers == 0
