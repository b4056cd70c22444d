"""The workflow of docs/anywhere-else.md: parsed, as GitHub and as Forgejo take it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from doors import REPOSITORY

LINES = REPOSITORY / "tests" / "projects" / "anywhere"
SCHEMA = Path(__file__).with_name("github-workflow.schema.json")
DOCUMENT = (REPOSITORY / "docs" / "anywhere-else.md").read_text(encoding="utf-8")
GITHUB = (LINES / "release.yml").read_text(encoding="utf-8")


def to_forgejo(text: str) -> str:
    """Replace the actions that the document's table names."""
    rows = re.findall(r"^\| `(actions/\S+)` \| `(\S+)` \|$", DOCUMENT, re.MULTILINE)
    assert len(rows) == 2
    for github, forgejo in rows:
        assert f"uses: {github}\n" in text
        text = text.replace(f"uses: {github}\n", f"uses: {forgejo}\n")
    return text


def read_workflow(text: str) -> dict[str, Any]:
    """Read a workflow; for YAML 1.1, which PyYAML reads, `on` is true."""
    workflow: dict[Any, Any] = yaml.safe_load(text)
    return {"on" if key is True else key: value for key, value in workflow.items()}


@pytest.fixture(params=["GitHub", "Forgejo"])
def workflow(request: pytest.FixtureRequest) -> dict[str, Any]:
    return read_workflow(GITHUB if request.param == "GitHub" else to_forgejo(GITHUB))


def test_it_is_what_the_schema_says(workflow: dict[str, Any]) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(workflow)
    del workflow["jobs"]["build"]["runs-on"]
    with pytest.raises(jsonschema.ValidationError):  # the schema is one that finds faults
        jsonschema.Draft7Validator(schema).validate(workflow)


def test_each_job_runs_the_plain_lines(workflow: dict[str, Any]) -> None:
    ran = {
        name: [step["run"] for step in job["steps"] if "run" in step]
        for name, job in workflow["jobs"].items()
    }
    assert ran == {path.stem: [path.read_text("utf-8")] for path in sorted(LINES.glob("*.sh"))}


def test_one_job_alone_has_the_upload_credentials(workflow: dict[str, Any]) -> None:
    holders = [name for name, job in workflow["jobs"].items() if "secrets." in json.dumps(job)]
    assert holders == ["publish"]
    assert "secrets." not in json.dumps({k: v for k, v in workflow.items() if k != "jobs"})
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        checkouts = [s["with"] for s in job["steps"] if "/checkout@" in s.get("uses", "")]
        assert checkouts == [{"fetch-depth": 0, "persist-credentials": False}]


def test_dists_and_the_digest_of_the_proof_travel_apart(workflow: dict[str, Any]) -> None:
    build, publish, verify = (workflow["jobs"][name] for name in ("build", "publish", "verify"))
    (sent,) = (s["with"] for s in build["steps"] if "/upload-artifact@" in s.get("uses", ""))
    assert sent["path"].split() == ["dist/", "reports/"]
    for job in (publish, verify):
        (received,) = (
            s["with"] for s in job["steps"] if "/download-artifact@" in s.get("uses", "")
        )
        assert received == {"name": sent["name"]}
    assert (publish["needs"], verify["needs"]) == ("build", "publish")
    assert build["outputs"] == {"proof": "${{ steps.build.outputs.proof }}"}
    (step,) = (step for step in build["steps"] if step.get("id") == "build")
    assert "proof=" in step["run"]
    # In a variable: a text that the build made must not become a part of a script.
    environ = publish["steps"][-1]["env"]
    assert environ["RELEASEKIT_PROOF_SHA256"] == "${{ needs.build.outputs.proof }}"
    runs = [step.get("run", "") for job in workflow["jobs"].values() for step in job["steps"]]
    assert [run for run in runs if "${{" in run] == []
