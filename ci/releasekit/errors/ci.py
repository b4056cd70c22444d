"""Status 2, usage: what keeps a job of a CI template from running the kit.

All but the first are shown by the templates themselves: without a kit nothing else can.
"""

from __future__ import annotations

from releasekit.errors.base import Entry

OTHER_TEMPLATE = Entry(
    code="E265",
    title="releasekit {kit} does not fit the CI template",
    where="RELEASEKIT_TEMPLATE, which the template sets",
    why="the template belongs to releasekit {template}, and starts what that version has",
    fix="leave `kit` out of the template's inputs or parameters, or set it to {template};\n"
    "or take the template of releasekit {kit}",
    explanation="The template of GitLab or Jenkins, and the releasekit that it starts, are of "
    "different minor versions (of different major versions from 1.0 on). Development versions "
    "are not compared.",
)
NO_KIT = Entry(
    code="E266",
    title="pip cannot install {kit}",
    where="{index}",
    why="the index has no {missing} for this Python",
    fix="publish releasekit to your own group once, or correct `kit` or the kit's index; a group "
    "needs a proxy for what releasekit requires (docs/serve-the-kit.md)",
    explanation="A job of a template installs releasekit, and the index does not have it, or not "
    "what it requires. [Serve the kit to yourself](serve-the-kit.md) is the command for that.",
)
NO_TOOL = Entry(
    code="E267",
    title="a program is missing",
    where="{machine}",
    why="{reason}",
    fix="choose another image, or install it on the runner or agent",
    explanation="A job of a template needs git, a Python from 3.10 on, and its modules venv and "
    "ensurepip (Debian, Ubuntu: python3-venv), or releasekit in the image.",
)
INDEX_REFUSES = Entry(
    code="E268",
    title="pip cannot install {kit}",
    where="{index}",
    why="{reason}",
    fix="set NETRC or RELEASEKIT_CA_BUNDLE, variables of type file, for the job",
    explanation="A job of a template installs releasekit, and the index wants a login, refuses "
    "the one that it gets, or has a certificate that is not trusted.",
)
NO_DIGEST = Entry(
    code="E269",
    title="the digest of the proof is missing",
    where="RELEASEKIT_PROOF_SHA256",
    why="the job that publishes did not get it from the job before it",
    fix="run a new pipeline; do not override `needs` and `artifacts` of the template's jobs",
    explanation="In GitLab, `publish` takes only files whose proof has the SHA-256 that the job "
    "`digest` passes on as a dotenv report.",
)
