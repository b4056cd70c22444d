"""What newer versions are sent, judged by the models of Sonatype's own client for one of them.

It takes seconds to import, hence the process of its own and the one test.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from releasekit.nexus.desired_state import want
from releasekit.nexus.documents import ServerVersion, parse_document
from releasekit.nexus.drift import Kind
from releasekit.nexus.rest import render_body
from unit.nexus.conftest import EMPTY_SERVER, make_settings

MODELS = {
    Kind.LICENSE: "EulaStatus",
    Kind.ANONYMOUS: "AnonymousAccessSettingsXO",
    Kind.HOSTED: "PypiHostedRepositoryApiRequest",
    Kind.RULE: "RoutingRuleXO",
    Kind.PROXY: "PypiProxyRepositoryApiRequest",
    Kind.GROUP: "PypiGroupRepositoryApiRequest",
    Kind.ROLE: "RoleXORequest",
    Kind.USER: "ApiCreateUser",
}
# A model drops what it does not know: what comes out again is what was understood.
JUDGE = """
import json, sys
import nexus_api_client as client
bodies = json.load(sys.stdin)
json.dump([getattr(client, name).from_dict(body).to_dict() for name, body in bodies], sys.stdout)
"""
# As 3.97 answers, by its own description; the rule was taken off by hand.
ANSWER = {
    "name": "far",
    "format": "pypi",
    "type": "proxy",
    "url": "https://nexus.example.com/repository/far",
    "online": False,
    "storage": {"blobStoreName": "default", "strictContentTypeValidation": True},
    "cleanup": None,
    "proxy": {
        "remoteUrl": "https://old.example.com/",
        "contentMaxAge": 5,
        "metadataMaxAge": 5,
        "preserveEncodedCharacters": False,
    },
    "negativeCache": {"enabled": True, "timeToLive": 1440},
    "httpClient": {
        "blocked": False,
        "autoBlock": True,
        "connection": {"retries": 3, "timeout": 60, "useTrustStore": False},
        "authentication": {"type": "username", "username": "mirror", "preemptive": False},
    },
    "routingRuleName": None,
    "replication": None,
    "firewall": {"mode": "DISABLED"},
    "pypi": {"suffix": "/simple", "removeQuarantinedVersions": False},
}

OPEN = {"enabled": True, "userId": "anonymous", "realmName": "NexusAuthorizingRealm"}
EULA = {"accepted": False, "disclaimer": "By accepting, you say that …\nyou agree."}
ANSWERS: dict[Kind, dict[str, Any]] = {
    Kind.LICENSE: EULA,
    Kind.PROXY: ANSWER,
    Kind.ANONYMOUS: OPEN,
}
THERE = (Kind.LICENSE, Kind.ANONYMOUS)
"""What every server has, and is thus never created."""


@pytest.fixture(scope="module")
def bodies() -> list[tuple[str, dict[str, Any]]]:
    """Every body that 3.97 gets for an empty server, and for resources that are changed."""
    version = ServerVersion(numbers=(3, 97, 0), edition="COMMUNITY")
    documents = {(Kind.LICENSE, ""): parse_document(EULA), **EMPTY_SERVER.documents}
    found = replace(EMPTY_SERVER, documents=documents, accept_eula=True)
    resources = tuple(want(make_settings(snapshots="dev", anonymous=False), found))
    created = [resource for resource in resources if resource.kind not in THERE]
    made = [(MODELS[resource.kind], render_body(resource, None, version)) for resource in created]
    user = next(body for name, body in made if name == "ApiCreateUser")
    user["password"] = "hunter2"
    changed = [
        (
            MODELS[resource.kind],
            render_body(resource, parse_document(answer), version, upstream_password="hunter2"),
        )
        for resource in resources
        if (answer := ANSWERS.get(resource.kind))
    ]
    return [*made, *changed]


def test_models_of_sonatype_understand_all_that_newer_versions_are_sent(
    bodies: list[tuple[str, dict[str, Any]]],
) -> None:
    judged = subprocess.run(
        (sys.executable, "-W", "ignore", "-c", JUDGE),
        input=json.dumps(bodies),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert judged.returncode == 0, judged.stderr
    assert json.loads(judged.stdout) == [body for _, body in bodies]
    assert {name for name, _ in bodies} == set(MODELS.values())
