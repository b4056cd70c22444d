from __future__ import annotations

from typing import Any

import pytest

from releasekit.model.access import NO_CREDENTIALS, Credentials
from releasekit.uv.indexes import (
    BuildIndex,
    choose_installer,
    find_own_names,
    strip_credentials,
)

GROUP_URL = "https://nexus.example.com/repository/pypi-group/"
GROUP = BuildIndex(
    url=GROUP_URL, credentials=Credentials(username="bob", password="hunter2", source="nowhere")
)
BY_GROUP = {
    "UV_DEFAULT_INDEX": f"releasekit={GROUP_URL}simple/",
    "UV_INDEX_RELEASEKIT_USERNAME": "bob",
    "UV_INDEX_RELEASEKIT_PASSWORD": "hunter2",
}
A, B, C = (f"https://{name}.example.com/simple" for name in "abc")
BY_UV, BY_PIP = "the index that uv is configured with", "the index that pip is configured with"


@pytest.mark.parametrize(
    ("environ", "pip", "uv", "variables", "index"),
    [
        pytest.param({}, {}, [], BY_GROUP, GROUP_URL, id="nobody says more"),
        pytest.param({"UV_DEFAULT_INDEX": A}, {}, [], {"UV_DEFAULT_INDEX": A}, BY_UV, id="uv"),
        pytest.param({"UV_INDEX_URL": A}, {}, [], {"UV_INDEX_URL": A}, BY_UV, id="uv, as of old"),
        pytest.param({}, {}, [{"index-url": A}], {}, BY_UV, id="uv.toml"),
        pytest.param({}, {}, [{"pip": {"index-url": A}}], {}, BY_UV, id="[pip] of uv.toml"),
        pytest.param({}, {}, [{"pip": {"no-index": True}}], {}, BY_UV, id="uv without any"),
        pytest.param({}, {}, [{}, {"index": [{"url": A, "default": True}]}], {}, BY_UV, id="table"),
        pytest.param(
            {}, {}, [{"index": [{"url": A}]}], BY_GROUP, GROUP_URL, id="one more index of uv"
        ),
        pytest.param({"UV_DEFAULT_INDEX": A}, {"index-url": B}, [],
                     {"UV_DEFAULT_INDEX": A}, BY_UV, id="uv before pip"),
        pytest.param({}, {"index-url": A}, [], {"UV_DEFAULT_INDEX": A}, BY_PIP, id="pip"),
        pytest.param(
            {},
            {
                "index-url": A,
                "extra-index-url": f"{B}\n{C}",
                "find-links": "/a\n/b",
                "trusted-host": "h.example.com i.example.com",
                "keyring-provider": "subprocess",
                "proxy": "http://proxy.example.com:3128",
            },
            [],
            {
                "UV_DEFAULT_INDEX": A,
                "UV_INDEX": f"{B} {C}",
                "UV_FIND_LINKS": "/a,/b",
                "UV_INSECURE_HOST": "h.example.com i.example.com",
                "UV_KEYRING_PROVIDER": "subprocess",
                "HTTPS_PROXY": "http://proxy.example.com:3128",
                "HTTP_PROXY": "http://proxy.example.com:3128",
                "ALL_PROXY": "http://proxy.example.com:3128",
            },
            BY_PIP,
            id="all that pip can say",
        ),
        pytest.param(
            {"https_proxy": "http://p"}, {"proxy": "http://q"}, [],
            {"https_proxy": "http://p", **BY_GROUP}, GROUP_URL, id="a proxy that is known",
        ),
        pytest.param(
            {}, {"extra-index-url": A}, [],
            {"UV_INDEX": A, **BY_GROUP}, GROUP_URL, id="one more index of pip",
        ),
        pytest.param(
            {"UV_INDEX": B}, {"extra-index-url": A}, [],
            {"UV_INDEX": B, **BY_GROUP}, GROUP_URL, id="uv's one more before pip's",
        ),
        pytest.param(
            {}, {"keyring-provider": "import"}, [], BY_GROUP, GROUP_URL, id="not uv's keyring"
        ),
        pytest.param({"VIRTUAL_ENV": "/v"}, {}, [], BY_GROUP, GROUP_URL, id="an environment"),
    ],
)  # fmt: skip
def test_who_names_the_index(
    environ: dict[str, str],
    pip: dict[str, str],
    uv: list[dict[str, Any]],
    variables: dict[str, str],
    index: str,
) -> None:
    installer = choose_installer(environ, pip=pip, uv=uv, group=GROUP)
    assert (installer.environ, installer.options, installer.index) == (variables, (), index)


def test_pip_without_any_index_is_an_option_of_uv() -> None:
    pip = {"no-index": "Yes", "find-links": "/a"}
    installer = choose_installer({}, pip=pip, uv=[], group=GROUP)
    assert (installer.environ, installer.options) == ({"UV_FIND_LINKS": "/a"}, ("--no-index",))


def test_without_a_group_uv_decides() -> None:
    installer = choose_installer({"A": "1"}, pip={"no-index": "false"}, uv=[], group=None)
    assert (installer.environ, installer.index) == ({"A": "1"}, "the default index of uv")


def test_group_that_everybody_reads_needs_no_credentials() -> None:
    group = BuildIndex(url=GROUP_URL, credentials=NO_CREDENTIALS)
    installer = choose_installer({}, pip={}, uv=[], group=group)
    assert installer.environ == {"UV_DEFAULT_INDEX": f"releasekit={GROUP_URL}simple/"}


def test_installer_shows_no_secret() -> None:
    assert "hunter2" not in repr(choose_installer({}, pip={}, uv=[], group=GROUP))
    assert "hunter2" not in repr(GROUP)


def test_backend_gets_no_credentials() -> None:
    environ = {
        "PIP_INDEX_URL": "https://bob:hunter2@h.example.com/simple",
        "UV_INDEX": "a=https://bob:hunt@er2@h.example.com/simple https://h.example.com/b",
        "UV_INDEX_A_USERNAME": "bob",
        "UV_INDEX_A_PASSWORD": "hunter2",
        "UV_PUBLISH_TOKEN": "hunter2",
        "NETRC": "/secrets/netrc",
        "PIP_FIND_LINKS": "/wheels",
        "UV_CACHE_DIR": "/cache",
        "HTTPS_PROXY": "http://bob:secret@proxy.example.com",
    }
    assert strip_credentials(environ) == {
        "PIP_INDEX_URL": "https://h.example.com/simple",
        "UV_INDEX": "a=https://h.example.com/simple https://h.example.com/b",
        "PIP_FIND_LINKS": "/wheels",
        "UV_CACHE_DIR": "/cache",
        "HTTPS_PROXY": "http://proxy.example.com",
    }


@pytest.mark.parametrize(
    ("own_names", "found"),
    [
        ((), []),
        (("acme",), []),
        (("Acme.Core",), ["acme-core"]),
        (("acme-*",), ["acme-core", "acme-tools"]),
        (("acme*", "billing"), ["acme-core", "acme-tools", "acmelib"]),
    ],
)
def test_own_names_are_found_in_any_spelling(own_names: tuple[str, ...], found: list[str]) -> None:
    requires = [
        *(
            "acme_core[x]>=1; python_version > '3'",
            "ACME--Tools",
            "acmelib",
            "setuptools",
            "not = one",
        ),
        "acme-elsewhere @ https://files.example.com/acme_elsewhere-1.0-py3-none-any.whl",
    ]
    assert find_own_names(requires, own_names) == found
