"""SAM's transform of the template, done here: the plain CloudFormation that AWS would make of it.

The transform asks boto3's session for a region, and for nothing else of AWS.
"""

import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

if TYPE_CHECKING:
    from collections.abc import Iterator

REGION: Final = "eu-central-1"
_IMAGE: Final = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/digitdrop:built"
"""Stands for what `sam build` and `sam deploy` make and name."""


class _NoManagedPolicies:
    """Stands where SAM would ask AWS for its policies, none of which the template may use."""

    def load(self) -> dict[str, str]:
        return {}


def transformed(text: str) -> dict[str, Any]:
    """What SAM makes of a template's `text`, every function's image being built."""
    template = yaml_parse(text)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["ImageUri"] = _IMAGE
    with _region():
        plain: dict[str, Any] = json.loads(json.dumps(transform(template, {}, _NoManagedPolicies())))
    return plain


@contextmanager
def _region() -> "Iterator[None]":
    before = os.environ.get("AWS_DEFAULT_REGION")
    os.environ["AWS_DEFAULT_REGION"] = REGION
    try:
        yield
    finally:
        if before is None:
            del os.environ["AWS_DEFAULT_REGION"]
        else:
            os.environ["AWS_DEFAULT_REGION"] = before
