"""Each form of a secret: one that is found, and one next to it that is none."""

from __future__ import annotations

import random
import string
import zlib

import pytest

from releasekit.checks.model import Secret
from releasekit.checks.secrets import BASE62, FORMS, find_secrets

LETTERS = string.ascii_letters
HEX = "0123456789abcdef"
BASE32 = string.ascii_uppercase + "234567"
UPPER = string.ascii_uppercase + string.digits


def random_text(length: int, alphabet: str = BASE62) -> str:
    """Text as tokens have it, the same in every run."""
    return "".join(random.Random(length).choices(alphabet, k=length))


def with_checksum(prefix: str) -> str:
    body = random_text(30)
    value, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        value, digit = divmod(value, 62)
        digits = BASE62[digit] + digits
    return f"{prefix}_{body}{digits}"


def find(content: str, name: str = "demo/settings.py") -> list[tuple[str, int | None]]:
    secrets = tuple(find_secrets(name, [content.encode()]))
    assert all(secret.member == name for secret in secrets)
    return [(secret.what, secret.line) for secret in secrets]


KEY = "-----BEGIN {}PRIVATE KEY{}-----\n" + random_text(64) + "\n"
TOKENS = {
    "AGE secret key": ("an AGE secret key", f"AGE-SECRET-KEY-1{random_text(58, UPPER)}"),
    "AWS": ("an AWS access key", f"AKIA{random_text(16, BASE32)}"),
    "AWS, temporary": ("an AWS access key", f"ASIA{random_text(16, BASE32)}"),
    "Anthropic": ("an Anthropic API key", f"sk-ant-api03-{random_text(93)}AA"),
    "Artifactory": ("an Artifactory API key", f"AKCp{random_text(69)}"),
    "Databricks": ("a Databricks token", f"dapi{random_text(32, HEX)}"),
    "DigitalOcean": ("a DigitalOcean token", f"dop_v1_{random_text(64, HEX)}"),
    "Docker": ("a Docker token", f"dckr_pat_{random_text(27)}"),
    "GitHub": ("a GitHub token", with_checksum("ghp")),
    "GitHub, server": ("a GitHub token", with_checksum("ghs")),
    "GitHub, fine-grained": ("a GitHub token", f"github_pat_{random_text(22)}_{random_text(59)}"),
    "GitLab": ("a GitLab token", f"glpat-{random_text(20)}"),
    "GitLab, routable": ("a GitLab token", f"glpat-{random_text(27)}.01.{random_text(9, HEX)}"),
    "GitLab, deploy": ("a GitLab token", f"gldt-{random_text(20)}"),
    "Hugging Face": ("a Hugging Face token", f"hf_{random_text(34, LETTERS)}"),
    "package index": ("a package index token", f"pypi-AgE{random_text(157)}"),
    "package registry": ("a package registry token", with_checksum("npm")),
    "OpenAI": ("an OpenAI API key", f"sk-{random_text(20)}T3BlbkFJ{random_text(21)}"),
    "SendGrid": ("a SendGrid API key", f"SG.{random_text(22)}.{random_text(43)}"),
    "Slack": (
        "a Slack token",
        f"xoxb-{random_text(12, '3579')}-{random_text(13, '3579')}-{random_text(24)}",
    ),
    "Stripe": ("a Stripe key", f"sk_live_{random_text(24)}"),
    "Vault": ("a Vault token", f"hvs.{random_text(95)}"),
}


def test_every_form_has_a_token() -> None:
    named = {what for what, _ in TOKENS.values()} | {"a private key"}
    assert named == {form.what for form in FORMS}


@pytest.mark.parametrize(("what", "token"), TOKENS.values(), ids=TOKENS)
def test_token_is_found_in_its_line(what: str, token: str) -> None:
    assert find(f'import os\n\nTOKEN = "{token}"\n') == [(what, 3)]


@pytest.mark.parametrize("token", [token for _, token in TOKENS.values()], ids=TOKENS)
@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda token: token[: len(token) // 3], id="cut off"),
        pytest.param(lambda token: f"a{token}", id="end of a longer word"),
        pytest.param(
            lambda token: token[: len(token) // 2] + "EXAMPLE" + token[len(token) // 2 + 7 :],
            id="says it is an example",
        ),
        pytest.param(
            lambda token: token[:7] + token[-1] * (len(token) - 7), id="made of one letter"
        ),
    ],
)
def test_what_is_near_a_token_is_none(token: str, spoil: object) -> None:
    assert callable(spoil)
    assert find(f'TOKEN = "{spoil(token)}"\n') == []


@pytest.mark.parametrize("prefix", ["ghp", "gho", "ghu", "ghs", "ghr", "npm"])
def test_token_with_another_checksum_is_an_invention(prefix: str) -> None:
    token = with_checksum(prefix)
    other = token[:-1] + ("a" if token[-1] != "a" else "b")
    assert find(token) != []
    assert find(other) == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(KEY.format("", ""), id="PKCS 8"),
        pytest.param(KEY.format("RSA ", ""), id="PKCS 1"),
        pytest.param(KEY.format("EC ", ""), id="elliptic curve"),
        pytest.param(KEY.format("OPENSSH ", ""), id="OpenSSH"),
        pytest.param(KEY.format("ENCRYPTED ", ""), id="encrypted"),
        pytest.param(KEY.format("PGP ", " BLOCK").replace("--\n", "--\n\n"), id="PGP"),
        pytest.param(
            KEY.format("RSA ", "").replace("--\n", "--\nProc-Type: 4,ENCRYPTED\nDEK-Info: x\n\n"),
            id="with headers",
        ),
        pytest.param(f'"{KEY.format("", "")}"'.replace("\n", "\\n"), id="in a JSON string"),
        pytest.param(KEY.format("", "").replace("\n", '\\n"\n    "', 1), id="in a Python string"),
    ],
)
def test_private_key_is_found(text: str) -> None:
    assert find(f"# a key\n{text}") == [("a private key", 2)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('if "-----BEGIN PRIVATE KEY-----" in text: ...\n', id="armour alone"),
        pytest.param("-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----", id="no body"),
        pytest.param(KEY.format("", "").replace("PRIVATE", "PUBLIC"), id="public key"),
        pytest.param("-----BEGIN CERTIFICATE-----\n" + random_text(64) + "\n", id="certificate"),
    ],
)
def test_what_is_near_a_private_key_is_none(text: str) -> None:
    assert find(text) == []


FILES = {
    "pypirc": (".pypirc", "[a]\npassword = x%y\n", "[a]\nusername = u\n", "a password (.pypirc)"),
    "pypirc, in the next line": (
        ".pypirc",
        "[a]\n  password =\n    secret\n",
        "[a]\n  password =\n  username = u\n",
        "a password (.pypirc)",
    ),
    "netrc": (
        ".netrc",
        "machine a.example.com\n  login u\n  password p\n",
        "machine a.example.com login u\n",
        "a password (.netrc)",
    ),
    "netrc of Windows": ("_netrc", "machine a login u password p", "", "a password (.netrc)"),
    "env": (".env", "export A=1\n", "# A=1\nA=\nB=''\n", "settings of a machine (.env)"),
    "env, quoted": (".env", "A='1'\n", "A=''\n", "settings of a machine (.env)"),
    "env of a stage": (".env.production", "A=1\n", "A=\n", "settings of a machine (.env)"),
    "npmrc": (
        ".npmrc",
        "//a.example.com/:_authToken=abc\n",
        "//a.example.com/:_authToken=${TOKEN}\nregistry=https://a.example.com\n",
        "a token (.npmrc)",
    ),
    "git-credentials": (
        ".git-credentials",
        "https://u:p@a.example.com\n",
        "https://u@a.example.com\n",
        "a password (.git-credentials)",
    ),
}


@pytest.mark.parametrize(("name", "filled", "empty", "what"), FILES.values(), ids=FILES)
def test_file_that_holds_credentials_is_found_where_it_is_filled(
    name: str, filled: str, empty: str, what: str
) -> None:
    assert find(filled, f"demo-1.0/{name}") == [(what, None)]
    assert find(empty, f"demo-1.0/{name}") == []
    assert find(filled, f"demo-1.0/a{name}") == []


@pytest.mark.parametrize(
    "name",
    [".env.example", ".env.sample", ".env.template", ".env.dist", ".env.test", "env", "a.env"],
)
def test_env_file_that_is_made_to_be_copied_is_none(name: str) -> None:
    assert find("A=1\n", name) == []


def test_token_in_a_file_of_credentials_is_reported_too() -> None:
    what, token = TOKENS["package index"]
    assert find(f"[a]\npassword = {token}\n", ".pypirc") == [
        ("a password (.pypirc)", None),
        (what, 2),
    ]


@pytest.mark.parametrize("cut", [0, 1, 20, 35, 41])
def test_token_between_two_blocks_is_found_once_in_its_line(cut: int) -> None:
    token = with_checksum("ghp")
    before = "a = 1\n" * 5000
    blocks = [f"{before}{token[:cut]}".encode(), f"{token[cut:]}\nb = 2\n".encode()]
    assert tuple(find_secrets("demo.py", blocks)) == (
        Secret(member="demo.py", what="a GitHub token", line=5001),
    )


def test_each_form_is_reported_once_for_a_file() -> None:
    assert find(f"{with_checksum('ghp')}\n{with_checksum('gho')}\n") == [("a GitHub token", 1)]


def test_binary_file_is_not_searched() -> None:
    assert find("\0" + KEY.format("", "")) == []
