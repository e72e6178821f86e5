"""The template in three states: as written, transformed by SAM, and resolved as a deployment would."""

from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from infra.transform import transformed as sam_transformed

from .intrinsics import Template, resources

BUCKET = "a-bucket"


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's root."""
    return Path(__file__).parents[2]


@pytest.fixture(scope="session")
def source(root: Path) -> Template:
    """The template as it is written; not to be changed."""
    parsed: Template = yaml_parse((root / "template.yaml").read_text(encoding="utf-8"))
    return parsed


@pytest.fixture(scope="session")
def transformed(root: Path) -> Template:
    """What SAM makes of the template: plain CloudFormation; not to be changed."""
    return sam_transformed((root / "template.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def deployed(transformed: Template) -> dict[str, Any]:
    """The resources of a deployment with an alarm address and all other parameters as they are by default."""
    return resources(transformed, {"BucketName": BUCKET, "AlarmEmail": "someone@example.org"})
