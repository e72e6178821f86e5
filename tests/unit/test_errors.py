"""The error tree and its codes."""

import pytest

from handler import errors
from handler.errors import DETAILS, DigitdropError, StoreError, UnreadableError


def test_every_error_has_one_root() -> None:
    """Whatever this project raises on purpose can be told from what it did not expect."""
    found = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, BaseException)]

    assert len(found) >= 10
    assert all(issubclass(error, DigitdropError) for error in found)


@pytest.mark.parametrize("error", [StoreError, errors.MissingError, errors.ChangedError])
def test_faults_of_s3_are_never_taken_for_broken_pictures(error: type[Exception]) -> None:
    """A decoder's `except OSError` or `except ValueError` does not catch them."""
    assert issubclass(error, StoreError)
    assert not issubclass(error, OSError | ValueError | UnreadableError)


@pytest.mark.parametrize("code", DETAILS)
def test_a_detail_begins_with_its_code(code: str) -> None:
    """`detail` is the code, a colon and one plain sentence."""
    error = UnreadableError(code, "so it is")

    assert str(error) == f"{code}: so it is"
    assert error.code == code


def test_a_code_that_no_table_documents_is_refused() -> None:
    """README's table can be complete because of this."""
    with pytest.raises(ValueError, match="'strange' is not a documented detail code"):
        UnreadableError("strange", "so it is")


def test_codes_are_short_and_their_meanings_one_sentence() -> None:
    """They are read in a spreadsheet."""
    for code, meaning in DETAILS.items():
        assert code == code.lower()
        assert len(code) <= 20
        assert meaning
        assert not meaning.endswith(".")
