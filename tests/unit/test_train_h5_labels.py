"""`publish FILE.h5 --labels …`: what the ten outputs may be called."""

from pathlib import Path

import pytest

from tests.releases import make_release
from train import __main__ as program
from train.flags import parse

NAMES = "a,B,c3,44444444,e,f,g,h,i,j"


def publish(*flags: str) -> tuple[str, ...] | None:
    """The labels of a command line."""
    found: tuple[str, ...] | None = parse(["publish", "their.h5", *flags], {}).labels
    return found


@pytest.mark.parametrize(
    "flags",
    [("--labels", NAMES), (f"--labels={NAMES}",), ("--labels", NAMES.replace(",", ", ")), ("--labels", f" {NAMES} ")],
)
def test_ten_names_are_taken(flags: tuple[str, ...]) -> None:
    """As two words or one, with blanks around them or without: their order and case are kept."""
    assert publish(*flags) == ("a", "B", "c3", "44444444", "e", "f", "g", "h", "i", "j")


def test_without_the_flag_there_are_no_names() -> None:
    """Then a new release has the digits, and a prepared one keeps its own."""
    assert publish() is None


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ("a,b,c,d,e,f,g,h,i", "are 9 names: ten are needed"),
        (f"{NAMES},k", "are 11 names: ten are needed"),
        ("", "are 1 names: ten are needed"),
        ("0123456789", "are 1 names: ten are needed"),
        (NAMES.replace("B", ""), "'' must be of 1 to 8 letters"),
        (NAMES.replace("B", "123456789"), "'123456789' must be of 1 to 8 letters"),
        (NAMES.replace("B", "b c"), "'b c' must be of 1 to 8 letters"),
        (NAMES.replace("B", "=1"), "'=1' must be of 1 to 8 letters"),
        (NAMES.replace("B", "é"), "'é' must be of 1 to 8 letters"),
        (NAMES.replace("B", "\N{ARABIC-INDIC DIGIT ONE}"), "must be of 1 to 8 letters"),
        (NAMES.replace("B", "a\nb"), r"'a\nb' must be of 1 to 8 letters"),
        (NAMES.replace("B", "a"), "'a' is there 2 times: all must be different"),
    ],
)
def test_other_names_are_refused(labels: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Too few, too many, empty, long, with other characters, twice: the message names the one, and the exit is 2."""
    with pytest.raises(SystemExit) as ended:
        publish("--labels", labels)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_a_prepared_release_has_its_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are in its card, which its version depends on: the flag is refused."""
    assert program.main(["publish", str(make_release(tmp_path, 1)), "--labels", NAMES]) == 1
    assert "--labels is for a FILE.h5" in capsys.readouterr().err
