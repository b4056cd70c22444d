from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from outcomes import START
from releasekit.consumer.search import Hit, Query, Searched
from releasekit.consumer.settings import Change, FilePlan, SettingsPlanned
from releasekit.report import render_outcome

RESULT = Searched(
    query=Query(text="Oracle", name="oracle"),
    hits=(
        Hit(name="oracledb", repository="hosted", versions=("2.0rc1", "1.0"), installed="0.9"),
        Hit(name="robot-oracle", repository="proxy", versions=("1.0",)),
    ),
    environment="/venv/bin/python",
    install="pip install oracledb==1.0",
)
PLAN = SettingsPlanned(
    place="user",
    files=(
        FilePlan(
            path=Path("/h/pip.conf"),
            changes=(Change(key="global.index-url", old="https://old", new="https://new"),),
            text="all that stands there, perhaps a secret",
            backup=Path("/h/pip.conf.bak"),
        ),
        FilePlan(path=Path("/h/uv.toml"), changes=(), text=""),
    ),
    exports=("export SSL_CERT_FILE=/h/ca.pem",),
    poetry=("poetry source add g https://new",),
)


def test_outcome_of_a_search() -> None:
    assert json.loads(render_outcome(replace(START, result=RESULT)))["search"] == {
        "query": "Oracle",
        "environment": "/venv/bin/python",
        "install": "pip install oracledb==1.0",
        "hits": [
            {
                "name": "oracledb",
                "version": "1.0",
                "versions": ["2.0rc1", "1.0"],
                "installed": "0.9",
                "repository": "hosted",
            },
            {
                "name": "robot-oracle",
                "version": "1.0",
                "versions": ["1.0"],
                "installed": None,
                "repository": "proxy",
            },
        ],
    }


def test_outcome_of_settings_tells_the_changes_and_not_the_texts() -> None:
    assert json.loads(render_outcome(replace(START, result=PLAN)))["settings"] == {
        "place": "user",
        "files": [
            {
                "path": "/h/pip.conf",
                "backup": "/h/pip.conf.bak",
                "changes": [
                    {"key": "global.index-url", "old": "https://old", "new": "https://new"}
                ],
            },
            {"path": "/h/uv.toml", "backup": None, "changes": []},
        ],
        "shell": ["export SSL_CERT_FILE=/h/ca.pem"],
        "poetry": ["poetry source add g https://new"],
    }
    assert "secret" not in repr(PLAN)


def test_outcome_of_a_release_tells_neither() -> None:
    assert not {"search", "settings"} & json.loads(render_outcome(START)).keys()
