"""What uv meets and the kit does not: of proxies, uv says that there was no answer, and no more."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nexus_double import Sandbox
from support import Command, MakeProject, ProjectDir
from unit.conftest import Answer, Server

INDEX = "https://index.example.com/simple/"
PLAIN = "http://index.example.com/simple/"
ASKS = Answer(status=407, reason="Login", headers={"Proxy-Authenticate": "Negotiate, NTLM"})
BY_UV = {
    "a login": (INDEX, ASKS, 2, "E247", "407 Login: Negotiate, NTLM"),
    "a login, over http": (PLAIN, ASKS, 2, "E247", "407 Login: Negotiate, NTLM"),
    "a rule": (INDEX, Answer(status=403, reason="Blocked"), 2, "E248", "answered 403 Blocked"),
    "ill": (INDEX, Answer(status=503, reason="Ill"), 3, "E352", "answered 503 Ill"),
}


@pytest.mark.parametrize(("address", "answer", "status", "code", "why"), BY_UV.values(), ids=BY_UV)
def test_a_proxy_that_only_uv_meets_is_named_with_what_it_asks_for(
    serve: Callable[[Answer], Server],
    project: ProjectDir,
    sandbox: Sandbox,
    releasekit: Command,
    address: str,
    answer: Answer,
    status: int,
    code: str,
    why: str,
) -> None:
    proxy = serve(answer)
    proxied = {"HTTPS_PROXY": proxy.url, "HTTP_PROXY": proxy.url, "UV_HTTP_RETRIES": "0"}
    proxied |= {"UV_DEFAULT_INDEX": address, "NO_PROXY": "", "no_proxy": ""}
    ran = releasekit("release", project=project, server=sandbox, **proxied)
    assert (ran.status, f"error {code}: the proxy " in ran.out) == (status, True), ran
    assert f"  where: {proxy.url}, on the way to {address}flit-core/\n" in ran.out, ran
    assert why in ran.out.partition("  why: ")[2], ran


def test_a_proxy_that_uv_meets_while_it_resolves_is_named_with_what_it_asks_for(
    serve: Callable[[Answer], Server],
    make_project: MakeProject,
    sandbox: Sandbox,
    releasekit: Command,
) -> None:
    project = make_project(tag=None)
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    project.write("pyproject.toml", text.replace("[project]", '[project]\ndependencies = ["six"]'))
    project.commit_all()
    project.git("tag", "v1.2.3")
    assert releasekit("build", project=project).status == 0
    proxy = serve(ASKS)
    proxied = {"HTTPS_PROXY": proxy.url, "NO_PROXY": "", "no_proxy": "", "UV_DEFAULT_INDEX": INDEX}
    ran = releasekit("check", project=project, server=sandbox, RELEASEKIT_GROUP="", **proxied)
    assert (ran.status, "error E247: the proxy cannot be used\n" in ran.out) == (2, True), ran
    assert f"  where: {proxy.url}, on the way to {INDEX}six/\n" in ran.out, ran
    assert "407 Login: Negotiate, NTLM" in ran.out, ran


def test_a_limit_of_the_license_that_only_uv_meets_is_usage(
    serve: Callable[[Answer], Server], project: ProjectDir, releasekit: Command
) -> None:
    index = serve(Answer(status=402, reason="Payment Required"))
    ran = releasekit("build", project=project, UV_DEFAULT_INDEX=f"{index.url}/simple/")
    assert (ran.status, "error E253: " in ran.out) == (2, True), ran
    assert f"  where: {index.url}/simple/flit-core/\n" in ran.out, ran
    assert "it answered 402 Payment Required\n" in ran.out, ran


def test_the_doctor_names_a_proxy_that_only_uv_meets(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    proxied = {"HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": "", "no_proxy": ""}
    proxied |= {"UV_DEFAULT_INDEX": INDEX, "UV_HTTP_RETRIES": "0"}
    ran = releasekit("doctor", project=project, server=sandbox, **proxied)
    assert ran.status == 3, ran
    assert "RK517 requires    the proxy cannot be reached: http://127.0.0.1:1, on the" in ran.out
