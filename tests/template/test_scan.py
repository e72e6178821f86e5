"""The policy scan: its exceptions, and that it fails where there is anything to say."""

import re
from copy import deepcopy
from typing import Any

import pytest

from infra.scan import complaints, exceptions, unneeded, without_exceptions

from .intrinsics import Template

FAILED = {"check_id": "CKV_AWS_1", "check_name": "Ensure it", "resource": "AWS::SQS::Queue.Q"}


def report(*failed: dict[str, str], resources: int = 1) -> dict[str, Any]:
    """What checkov reports on a template with these findings."""
    return {"summary": {"resource_count": resources}, "results": {"failed_checks": list(failed)}}


def test_every_exception_has_its_reason(source: Template) -> None:
    """Each names a check of checkov's and gives a sentence."""
    found = exceptions(source)
    assert found
    for (check, resource), reason in found.items():
        assert re.fullmatch(r"CKV2?_AWS_\d+", check), resource
        assert re.fullmatch(r"[A-Z].{20,}\.", reason), (resource, check)


def test_exceptions_outlive_the_transform(source: Template, transformed: Template) -> None:
    """What AWS gets is scanned with the same exceptions as what people read."""
    renamed = {
        (check, resource.replace("AWS::Serverless::", "AWS::Lambda::")): reason
        for (check, resource), reason in exceptions(source).items()
    }
    assert exceptions(transformed) == renamed


def test_without_exceptions_nothing_else_is_missing(transformed: Template) -> None:
    """The third scan is of the same template, which is left as it was."""
    before = deepcopy(transformed)
    bare = without_exceptions(transformed)
    assert transformed == before
    assert exceptions(bare) == {}
    assert bare["Resources"]["Handler"]["Properties"] == transformed["Resources"]["Handler"]["Properties"]
    assert bare["Resources"]["Handler"]["Metadata"]["DockerContext"] == "."


def test_a_finding_is_told() -> None:
    """With the check and the resource."""
    assert complaints("as written", report()) == []
    assert complaints("as written", report(FAILED)) == ["as written: AWS::SQS::Queue.Q: CKV_AWS_1, Ensure it"]


@pytest.mark.parametrize("unread", [report(resources=0), {"passed": 0, "failed": 0, "resource_count": 0}])
def test_a_template_that_checkov_cannot_read_does_not_pass(unread: dict[str, Any]) -> None:
    """Its own exit status would be 0."""
    assert complaints("as written", unread) == ["as written: checkov could not read it, or found no resource in it"]


def test_an_exception_that_nothing_needs_is_told() -> None:
    """One is needed where the same template without exceptions has that finding on that resource."""
    skips = {"checkov": {"skip": [{"id": "CKV_AWS_1", "comment": "Because."}, {"id": "CKV_AWS_2", "comment": "So."}]}}
    template = {"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Metadata": skips}}}
    assert unneeded(template, report(FAILED)) == ["AWS::SQS::Queue.Q: the exception CKV_AWS_2 is not needed"]
