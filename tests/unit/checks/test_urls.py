from __future__ import annotations

import pytest

from releasekit.checks.catalog import CHECKS
from releasekit.checks.metadata_warnings import normalize_label
from releasekit.checks.model import ProjectFacts
from samples import METADATA, make_facts, run_checks

ALIASES = {
    "homepage": ("Homepage", "Home Page", "home-page", "HOME_PAGE"),
    "source": ("Source", "Repository", "Source Code", "sourceCode", "GitHub"),
    "documentation": ("Documentation", "Docs"),
    "changelog": ("Changelog", "Change Log", "Changes", "What's New", "History", "Release Notes"),
    "issues": ("Issues", "Bugs", "Issue", "Tracker", "Issue Tracker", "Bug Tracker"),
    "funding": ("Funding", "Sponsor", "Donate", "Donation"),
    "download": ("Download",),
    "chat": ("Chat", "c.h.a.t"),
}


@pytest.mark.parametrize(
    ("label", "normal"),
    [(label, normal) for normal, labels in ALIASES.items() for label in labels],
)
def test_label_is_compared_by_what_pep_753_makes_of_it(label: str, normal: str) -> None:
    assert normalize_label(label) == normal


@pytest.mark.parametrize(
    ("field", "wanted", "is_missing"),
    [
        pytest.param("Project-URL: Repository, https://a.example.com", "Source", False, id="alias"),
        pytest.param("Project-URL: Source, https://a.example.com", "github", False, id="to alias"),
        pytest.param("Home-page: https://a.example.com", "home page", False, id="old field"),
        pytest.param("Download-URL: https://a.example.com", "Download", False, id="old download"),
        pytest.param("Project-URL: Sources, https://a.example.com", "Source", True, id="no alias"),
        pytest.param("Project-URL: Chat, https://a.example.com", "chat", False, id="own label"),
        pytest.param("Home-page: ", "Homepage", True, id="empty"),
    ],
)
def test_rk108_takes_an_alias_for_the_label(field: str, wanted: str, is_missing: bool) -> None:
    metadata = METADATA.replace("Project-URL: Homepage, https://demo.example.com", field)
    facts = make_facts(metadata=metadata, project=ProjectFacts(required_urls=(wanted,)))
    checks = [check for check in CHECKS if check.code == "RK108"]
    message = f"the project URL {wanted} is missing, which required-urls asks for"
    found = [finding.message for finding in run_checks(checks, [facts])]
    assert found == [message] * is_missing
