"""The command line of `python -m train`."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.releases import make_release
from train import __main__ as program
from train.flags import parse, recipe
from train.recipe import Recipe


def test_no_flags_train_the_reference_network() -> None:
    """The defaults are those of `Recipe`, with the gate at 0.97 and a threshold that is found out."""
    flags = parse([], {})
    assert flags.command == "train"
    assert recipe(flags) == Recipe()
    assert (flags.min_accuracy, flags.review_below, flags.bucket) == (0.97, None, "")


def test_each_flag_reaches_the_recipe() -> None:
    """What decides the weights can be given."""
    given = "--neurons 30 --hidden-layers 2 --epochs 3 --batch-size 64 --learning-rate .01 --seed 7"
    assert recipe(parse(given.split(), {})) == Recipe("mlp", 30, 2, 3, 64, 0.01, 7)
    assert recipe(parse(["--network", "cnn"], {})).network == "cnn"


@pytest.mark.parametrize("command", [[], ["list"], ["activate", "0123456789ab"], ["publish", "x.h5"]])
def test_the_bucket_is_a_flag_or_a_variable(command: list[str]) -> None:
    """The flag, before or after the command, goes before `DIGITDROP_BUCKET`."""
    environment = {"DIGITDROP_BUCKET": "variable"}
    assert parse(command, environment).bucket == "variable"
    assert parse([*command, "--bucket", "flag"], environment).bucket == "flag"
    assert parse(["--bucket", "flag", *command], environment).bucket == "flag"


def test_terms_can_be_given_before_and_after_publish() -> None:
    """`publish` has the gate and the review threshold, too."""
    assert parse(["publish", "x.h5"], {}).min_accuracy == 0.97
    assert parse(["publish", "x.h5", "--min-accuracy", "0.5"], {}).min_accuracy == 0.5
    assert parse(["--review-below", "0.5", "publish", "x.h5"], {}).review_below == 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--neurons 0", "--neurons: '0' must be a whole number from 1 to 4096"),
        ("--neurons many", "must be a whole number from 1 to 4096"),
        ("--neurons 1.5", "must be a whole number"),
        ("--hidden-layers 9", "from 1 to 8"),
        ("--epochs 0", "from 1 to 1000"),
        ("--batch-size 60001", "from 1 to 60000"),
        ("--learning-rate 0", "--learning-rate: '0' must be a number from 1e-07 to 1"),
        ("--learning-rate nan", "must be a number"),
        ("--seed -1", "from 0 to 4294967295"),
        ("--min-accuracy 97", "from 0 to 1"),
        ("--review-below 1.1", "from 0 to 1"),
        ("--network rnn", "invalid choice"),
        ("--network cnn --neurons 5", "leave them out with --network cnn"),
        ("list", "give --bucket, or set DIGITDROP_BUCKET"),
        ("activate 0123456789ab", "give --bucket, or set DIGITDROP_BUCKET"),
        ("publish", "FILE.h5"),
        ("forget", "forget"),
    ],
)
def test_a_wrong_flag_is_named(arguments: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The error says which flag, and what it may be; the exit code is 2."""
    with pytest.raises(SystemExit) as stopped:
        parse(arguments.split(), {})
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_an_error_is_one_line_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What this project raises on purpose ends in `error: …` and exit code 1."""
    monkeypatch.delenv("DIGITDROP_BUCKET", raising=False)
    assert program.main(["publish", str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"error: {tmp_path} is no prepared release")
    assert printed.err.count("\n") == 1


def test_without_a_bucket_it_says_where_the_model_is_and_how_to_upload_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A release that is not uploaded stays, and the command that uploads it is printed."""
    monkeypatch.delenv("DIGITDROP_BUCKET", raising=False)
    folder = make_release(tmp_path, 1)
    assert program.main(["publish", str(folder)]) == 0
    assert f"python -m train publish {folder} --bucket" in capsys.readouterr().out


def test_a_prepared_release_below_the_least_accuracy_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The gate holds for a folder as it does for a file."""
    monkeypatch.delenv("DIGITDROP_BUCKET", raising=False)
    assert program.main(["publish", str(make_release(tmp_path, 1, accuracy=0.9))]) == 1
    assert "0.9000 is below --min-accuracy 0.97" in capsys.readouterr().err


@pytest.mark.parametrize(("variable", "value"), [("AWS_ENDPOINT_URL", "no-url"), ("AWS_PROFILE", "no-such-profile")])
def test_a_wrong_setting_of_boto3_is_one_line(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An endpoint or profile that cannot be is an error like any other, without a traceback."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv(variable, value)
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
    assert program.main(["list", "--bucket", "digits"]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("error: no client for S3")
    assert value in printed


@pytest.mark.parametrize(
    "command",
    [["list"], ["activate", "0123456789ab"], ["evaluate", "x.zip"], ["publish", "train/pretrained"], []],
    ids=lambda command: command[0] if command else "train",
)
def test_without_credentials_it_says_where_to_put_them(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line names the bucket, what S3 said, and the variables; nothing was trained or read before."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
    assert program.main([*command, "--bucket", "digits"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        "error: bucket digits cannot be read (reading 'models/current.json': Unable to locate credentials): see to "
        "its name, to AWS_ENDPOINT_URL (not set, so that AWS itself is asked), and to the credentials: AWS_PROFILE, "
        "or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY\n"
    )


def test_a_version_is_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever names one is told where its folder is, or where those of releases are."""
    monkeypatch.delenv("DIGITDROP_BUCKET", raising=False)
    monkeypatch.chdir(tmp_path)
    folder = make_release(tmp_path / "artifacts" / "models", 1)
    for name, place in ((folder.name, folder.name), ("0123456789ab", "VERSION")):
        assert program.main(["evaluate", "x.zip", "--model", name]) == 1
        said = capsys.readouterr().err
        assert said.startswith(f"error: {name} is no prepared release: card.json cannot be read")
        assert f"such as artifacts/models/{place}, " in said
        assert said.count("\n") == 1


def test_help_needs_nothing_heavy() -> None:
    """`--help` shows all commands."""
    command = [sys.executable, "-m", "train", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  # our own program
    assert all(word in done.stdout for word in ("--network", "publish", "activate", "list", "DIGITDROP_BUCKET"))
