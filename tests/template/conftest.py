"""The template in three states: as written, transformed by SAM, and resolved as a deployment would."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from .intrinsics import Template, resources

BUCKET = "a-bucket"


class _NoManagedPolicies:
    """Stands where SAM would ask AWS for its policies, none of which the template may use."""

    def load(self) -> dict[str, str]:
        return {}


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
def transformed(source: Template) -> Template:
    """What SAM makes of the template: plain CloudFormation; not to be changed."""
    built = deepcopy(source)
    for resource in built["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["ImageUri"] = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/digitdrop:built"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        plain: Template = json.loads(json.dumps(transform(built, {}, _NoManagedPolicies())))
    return plain


@pytest.fixture(scope="session")
def deployed(transformed: Template) -> dict[str, Any]:
    """The resources of a deployment with an alarm address and all other parameters as they are by default."""
    return resources(transformed, {"BucketName": BUCKET, "AlarmEmail": "someone@example.org"})
