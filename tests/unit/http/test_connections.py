from __future__ import annotations

import pytest

from releasekit.http.connections import find_proxy

ONE, OTHER = "http://one.example.com:3128", "http://other.example.com:3128"
HTTPS, HTTP = "https://nexus.example.com/x", "http://nexus.example.com/x"
CHOICES = {
    "none": (HTTPS, {}, None),
    "by scheme": (HTTPS, {"HTTPS_PROXY": ONE, "HTTP_PROXY": OTHER}, ONE),
    "by the other scheme": (HTTP, {"HTTPS_PROXY": ONE, "HTTP_PROXY": OTHER}, OTHER),
    "all": (HTTPS, {"ALL_PROXY": ONE}, ONE),
    "scheme before all": (HTTPS, {"all_proxy": ONE, "HTTPS_PROXY": OTHER}, OTHER),
    "lower case first": (HTTPS, {"https_proxy": ONE, "HTTPS_PROXY": OTHER}, ONE),
    "empty": (HTTPS, {"HTTPS_PROXY": ""}, None),
    "without a scheme": (HTTPS, {"HTTPS_PROXY": "one.example.com:3128"}, ONE),
    "loopback": ("https://127.0.0.1/", {"HTTPS_PROXY": ONE}, None),
    "excluded": (HTTPS, {"HTTPS_PROXY": ONE, "NO_PROXY": "nexus.example.com"}, None),
    "excluded domain": (HTTPS, {"HTTPS_PROXY": ONE, "no_proxy": "x, .EXAMPLE.com"}, None),
    "excluded port": (HTTPS, {"HTTPS_PROXY": ONE, "NO_PROXY": "nexus.example.com:443"}, None),
    "another port": (HTTPS, {"HTTPS_PROXY": ONE, "NO_PROXY": "nexus.example.com:8443"}, ONE),
    "empty for all": (HTTPS, {"ALL_PROXY": ""}, None),
    "all empty": (HTTPS, {"HTTPS_PROXY": "", "https_proxy": "", "all_proxy": ""}, None),
    "all excluded": (HTTPS, {"HTTPS_PROXY": ONE, "NO_PROXY": "*"}, None),
    "another domain": (HTTPS, {"HTTPS_PROXY": ONE, "NO_PROXY": "ample.com,,"}, ONE),
    "network": ("https://10.1.2.3/", {"HTTPS_PROXY": ONE, "NO_PROXY": "10.0.0.0/8"}, None),
    "another network": ("https://11.1.2.3/", {"HTTPS_PROXY": ONE, "NO_PROXY": "10.0.0.0/8"}, ONE),
    "address": ("https://10.1.2.3/", {"HTTPS_PROXY": ONE, "NO_PROXY": "10.1.2.3"}, None),
}


@pytest.mark.parametrize(("url", "environ", "proxy"), CHOICES.values(), ids=CHOICES)
def test_proxy_is_chosen_by_the_environment_of_the_run(
    url: str, environ: dict[str, str], proxy: str | None
) -> None:
    assert find_proxy(url, environ) == proxy


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_proxy_of_the_process_is_not_used(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, ONE)
    assert find_proxy(HTTPS, {}) is None
