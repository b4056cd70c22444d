"""Secrets that got into a dist: files that are made to hold them, keys and tokens by their form.

Only what is recognisable without guessing: tokens with a prefix of their own, in the lengths that
the issuers give. The forms are those of gitleaks 8 (config/gitleaks.toml) and detect-secrets 1.5
(detect_secrets/plugins), without their keyword and entropy rules, which guess.
"""

import base64
import binascii
import re
import string
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from releasekit.checks.model import Secret

NETRC = ("a password (.netrc)", r"(?:^|\s)password\s+\S")
# Files that programs make to hold credentials: what it is, and what tells it from an empty one.
CREDENTIAL_FILES = {
    ".env": (
        "settings of a machine (.env)",
        r"^\s*(?:export\s+)?\w+\s*=[ \t]*(?:[^\s#\"']|([\"'])[^\"'\s])",
    ),
    ".netrc": NETRC,
    "_netrc": NETRC,
    ".npmrc": ("a token (.npmrc)", r"_(?:authToken|password|auth)\s*=\s*[^\s$]"),
    ".git-credentials": ("a password (.git-credentials)", r"://[^/\s:@]+:[^@\s]+@"),
    ".pypirc": (
        "a password (.pypirc)",
        # The value may stand in a line below that is indented more, as ConfigParser reads it.
        r"(?i)^([ \t]*)password[ \t]*[=:](?:[ \t]*|\s*\n\1[ \t]+)\S",
    ),
}
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """What a kind of secret looks like.

    A file without any of its marks has none: they are found much quicker than the pattern.
    """

    what: str
    marks: tuple[bytes, ...]
    pattern: re.Pattern[bytes]


def _form(what: str, marks: str, pattern: str) -> Form:
    return Form(
        what=what,
        marks=tuple(mark.encode() for mark in marks.split()),
        pattern=re.compile(rb"(?<![A-Za-z0-9_])(?:" + pattern.encode() + rb")(?![A-Za-z0-9_-])"),
    )


PRIVATE_KEY = Form(
    what="a private key",
    marks=(b"PRIVATE KEY",),
    # The armour of RFC 7468 and its relatives, with the beginning of a body behind it: code that
    # only names the armour has none. Line breaks may be written as \n in a string.
    pattern=re.compile(
        rb"-----BEGIN (?:[A-Z0-9]{2,20} ){0,2}PRIVATE KEY(?: BLOCK)?-----"
        rb"(?:\s|\\[nr]|[\"'+,])*(?:[A-Z][\w-]{2,30}: [^\n]{1,100}\s+){0,4}[A-Za-z0-9+/=]{60}"
    ),
)

FORMS = (
    PRIVATE_KEY,
    _form("an AGE secret key", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
    _form("an AWS access key", "AKIA ASIA", r"(?:AKIA|ASIA)[A-Z2-7]{16}"),
    _form("an Anthropic API key", "sk-ant-", r"sk-ant-(?:api|admin)[0-9]{2}-[\w-]{93}AA"),
    _form("an Artifactory API key", "AKCp", r"AKCp[A-Za-z0-9]{69}"),
    _form("a Databricks token", "dapi", r"dapi[a-f0-9]{32}(?:-\d)?"),
    _form("a DigitalOcean token", "doo_v1_ dop_v1_ dor_v1_", r"do[opr]_v1_[a-f0-9]{64}"),
    _form("a Docker token", "dckr_pat_", r"dckr_pat_[\w-]{27}"),
    _form("a GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9]{36}"),
    _form("a GitHub token", "github_pat_", r"github_pat_\w{22}_\w{59}"),
    _form("a GitLab token", "glpat-", r"glpat-[\w-]{20,300}(?:\.[0-9a-z]{2}\.?[0-9a-z]{7,9})?"),
    _form(
        "a GitLab token",
        "gldt- glrt- glcbt- glptt- glft- glsoat- glagent-",
        r"gl(?:dt|rt|cbt|ptt|ft|soat|agent)-[\w-]{20,64}",
    ),
    _form("a Hugging Face token", "hf_", r"hf_[a-zA-Z]{34}"),
    _form("a package index token", "pypi-AgE", r"pypi-AgE[\w-]{70,1000}"),
    _form("a package registry token", "npm_", r"npm_[A-Za-z0-9]{36}"),
    _form("an OpenAI API key", "T3BlbkFJ", r"sk-(?:[\w-]{20,74})T3BlbkFJ[\w-]{20,74}"),
    _form("a SendGrid API key", "SG.", r"SG\.[\w-]{22}\.[\w-]{43}"),
    _form("a Slack token", "xoxb- xoxp- xoxe-", r"xox[bpe](?:-\d{10,13}){2,3}-[a-zA-Z0-9-]{24,34}"),
    _form("a Stripe key", "sk_live_ rk_live_", r"[rs]k_live_[a-zA-Z0-9]{24,99}"),
    _form("a Vault token", "hvs.", r"hvs\.[\w-]{90,120}"),
)


def find_secrets(name: str, blocks: Iterable[bytes]) -> Iterator[Secret]:
    """Find secrets in a file, of which the content comes in blocks; one for each form."""
    base = name.rpartition("/")[2]
    harmless = r"example|sample|template|dist|default|test"  # is made to be copied
    if base.startswith(".env.") and not re.search(harmless, base):
        base = ".env"
    if base in CREDENTIAL_FILES:
        content = b"".join(blocks)[: 1 << 16].decode("utf-8", errors="replace")
        what, pattern = CREDENTIAL_FILES[base]
        if re.search(pattern, content, re.MULTILINE):
            yield Secret(member=name, what=what)
        blocks = [content.encode()]
    found: dict[str, int] = {}
    line, kept = 1, b""
    for number, block in enumerate(blocks):
        if number == 0 and b"\0" in block[:1024]:  # so git tells text from binary
            return
        text = kept + block
        for form in FORMS:
            if form.what not in found and any(mark in text for mark in form.marks):
                matches = form.pattern.finditer(text)
                real = (one for one in matches if form is PRIVATE_KEY or _is_real(one[0]))
                if match := next(real, None):
                    found[form.what] = line + text.count(b"\n", 0, match.start())
        # The next block goes on where a key may have its header and first lines.
        kept = text[-4096:]
        line += text.count(b"\n", 0, len(text) - len(kept))
    for what, at in found.items():
        yield Secret(member=name, what=what, line=at)


def _is_real(token: bytes) -> bool:
    """Tell a token from an example, and from an invention where its form has a checksum.

    GitHub's and npm's end with the CRC-32 of what stands before, in base 62 (GitHub's blog, "Behind
    GitHub's new authentication token formats", 2021); a package index token is a macaroon.
    """
    # What tokens in documentation have in them, and real ones next to never.
    if re.search(rb"EXAMPLE|example|(.)\1{5}|xxxx|XXXX|12345678|abcdefgh|ABCDEFGH", token):
        return False
    if token.startswith(b"pypi-"):
        payload = token.removeprefix(b"pypi-")
        try:
            base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4))
        except binascii.Error:
            return False
    if re.match(rb"(?:gh[pousr]|npm)_", token):
        value = 0
        for digit in token[-6:].decode():
            value = value * 62 + BASE62.index(digit)
        return value == zlib.crc32(token[4:-6])
    return True
