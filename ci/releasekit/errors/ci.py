"""Status 2, usage: what keeps a job of a CI template from running the kit.

All but the first are shown by the templates themselves: without a kit nothing else can.
"""

from releasekit.errors import Entry

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
NO_PLUGIN = Entry(
    code="E280",
    title="a plugin of Jenkins is missing",
    where="Manage Jenkins, Plugins",
    why="credentials, files and tokens need Credentials Binding",
    fix="install the plugin Credentials Binding",
    explanation="The step of Jenkins was told of credentials, and Jenkins lacks the plugin that "
    "hands them on. Without JUnit or Lockable Resources a release only warns.",
)
OTHER_SYSTEM = Entry(
    code="E281",
    title="the agent has another system",
    where="{agent}",
    why="the step runs shell scripts, which need Linux or macOS",
    fix="name the label of other agents (label)",
    explanation="Jenkins gave the step an agent with Windows. Name the label of others.",
)
WRONG_PARAMETERS = Entry(
    code="E282",
    title="releasePython: {problem}",
    where="the Jenkinsfile",
    why="a parameter that is misspelt, or goes with no other, would be ignored",
    fix="correct the parameter (docs/jenkins.md)",
    explanation="A parameter of the step of Jenkins is misspelt, has another type, or excludes "
    "another one. Nothing ran.",
)
OTHER_COMMIT_TO_PUBLISH = Entry(
    code="E283",
    title="the commit that was built is not in the checkout of publish",
    where="{commit}",
    why="the stage publish checks that commit out anew",
    fix="build from the repository that the job names as its source, and not from a shallow clone",
    explanation="In Jenkins, `publish` takes a checkout of its own of the commit that was built. "
    "With `publishLabel` it comes from the source of the job, and not from the caller's checkout.",
)
LEFT_RUNNING = Entry(
    code="E284",
    title="processes that a stage left behind cannot be ended",
    where="{processes}",
    why="beside `publish` they could read its password",
    fix="let the project end what it starts",
    explanation="In Jenkins, the processes that a stage leaves behind are ended before the next "
    "stage. One of another user (sudo), or one that the kernel cannot end, is not.",
)
