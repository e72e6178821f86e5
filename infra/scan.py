"""`make scan`: checkov over `template.yaml`, as it is written and as SAM transforms it; it downloads nothing.

What is right although a check says otherwise stands beside its resource, under `Metadata: checkov: skip`, with the
reason. The template is scanned a third time without these exceptions, so that one that nothing needs is found too:
checkov itself takes a check that is skipped for granted. Its exit status says nothing of a file that it cannot read.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

from infra.transform import transformed

_TEMPLATE: Final = Path("template.yaml")
_FLAGS: Final = ("--framework", "cloudformation", "--skip-download", "--quiet", "--compact", "--output", "json")

Finding = tuple[str, str]
"""The check's identifier, and the resource as `Type.Name`."""


def main(arguments: list[str]) -> int:
    """Scan with the checkov that is named; 1 where there is anything to say."""
    (program,) = arguments
    plain = transformed(_TEMPLATE.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        after, bare = Path(folder, "transformed.json"), Path(folder, "without-exceptions.json")
        after.write_text(json.dumps(plain), encoding="utf-8")
        bare.write_text(json.dumps(without_exceptions(plain)), encoding="utf-8")
        reports = [_scan(program, path) for path in (_TEMPLATE, after, bare)]
    told = [
        *complaints(str(_TEMPLATE), reports[0]),
        *complaints("after SAM's transform", reports[1]),
        *unneeded(plain, reports[2]),
    ]
    for line in told:
        print(line)  # noqa: T201  # what a command line tool says
    if told:
        return 1
    passed = [report["summary"]["passed"] for report in reports]
    print(f"checkov: {passed[0]} checks pass as written, {passed[1]} transformed; {len(exceptions(plain))} exceptions")  # noqa: T201  # likewise
    return 0


def exceptions(template: Mapping[str, Any]) -> dict[Finding, str]:
    """The reason of each exception that a template makes; pure."""
    return {
        (skip["id"], f"{resource['Type']}.{name}"): skip["comment"]
        for name, resource in template["Resources"].items()
        for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    }


def without_exceptions(template: Mapping[str, Any]) -> dict[str, Any]:
    """The same template, in which every check counts; pure."""
    bare = dict(deepcopy(template))
    for resource in bare["Resources"].values():
        resource.get("Metadata", {}).pop("checkov", None)
    return bare


def complaints(what: str, report: Mapping[str, Any]) -> list[str]:
    """A line for each finding of a report of checkov, or one that says that it read nothing; pure."""
    if not report.get("summary", {}).get("resource_count"):
        return [f"{what}: checkov could not read it, or found no resource in it"]
    failed = report["results"]["failed_checks"]
    return [f"{what}: {check['resource']}: {check['check_id']}, {check['check_name']}" for check in failed]


def unneeded(template: Mapping[str, Any], bare: Mapping[str, Any]) -> list[str]:
    """A line for each exception of a template that the report on it `without_exceptions` has no finding for; pure."""
    found = {(check["check_id"], check["resource"]) for check in bare.get("results", {}).get("failed_checks", [])}
    return [
        f"{resource}: the exception {check} is not needed"
        for check, resource in sorted(exceptions(template).keys() - found)
    ]


def _scan(program: str, path: Path) -> dict[str, Any]:
    """What checkov reports on a file; it sees no key of the user's, with which it would ask Prisma Cloud."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("BC_", "CKV_", "PRISMA_"))}
    done = subprocess.run(  # noqa: S603  # the program that the Makefile installed
        [program, "--file", str(path), *_FLAGS], env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        sys.exit(f"checkov ended with status {done.returncode} and no report")
    return report


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
