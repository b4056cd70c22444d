"""Status 2, usage: configuration or arguments are wrong."""

from releasekit.errors import Entry

INVALID_CONFIGURATION = Entry(
    code="E201",
    title="the configuration is wrong in {places}",
    where="{source}",
    why="{problems}",
    fix="correct these lines; docs/settings.md of releasekit says what each key may hold",
    explanation="Keys are unknown or have wrong values. All of them are named at once.",
)
NOT_A_PROJECT = Entry(
    code="E202",
    title="no Python project here",
    where="{root}",
    why="there is neither a pyproject.toml nor a setup.py",
    fix="run this in the project's directory, or name it with -C DIR",
    explanation="The directory has no Python project.",
)
BAD_DIRECTORY = Entry(
    code="E203",
    title="-C names no directory that can be used",
    where="-C {path}",
    why="{reason}",
    fix="check the spelling, and where you are: -C starts from the current directory",
    explanation="-C names a directory that does not exist or cannot be read, or a pattern that "
    "matches no project.",
)
EMPTY_DIRECTORY = Entry(
    code="E204",
    title="-C names no directory that can be used",
    where="-C ''",
    why="the name is empty",
    fix="give a directory; a variable in the command may be empty, or not be set",
    explanation="-C was given an empty name.",
)
SEVERAL_DIRECTORIES = Entry(
    code="E205",
    title="-C names no directory that can be used",
    where="-C {path}",
    why="{command} takes one directory, and these are {count}: {directories}",
    fix="name one of them: {suggestion}",
    explanation="Several directories, and a command that takes one.",
)
NOT_A_REPOSITORY = Entry(
    code="E206",
    title="no git commit to release",
    where="{root}",
    why="git says: {reason}",
    fix="[[git init]] && [[git add -A]] && [[git commit]], "
    "or name the project's directory with -C DIR",
    explanation="The directory is in no git repository, or the repository has no commit.",
)
NO_RECORD = Entry(
    code="E207",
    title="nothing has been built yet",
    where="{path}",
    why="{reason}",
    fix="[[build]] (in CI: pass dist/ and reports/release.json from the build job to this one)",
    explanation="A later step did not find the record of a build, reports/release.json.",
)
NO_SDIST = Entry(
    code="E208",
    title="--wheel-from names no sdist",
    where="{path}",
    why="{reason}",
    fix="[[build --sdist]] makes one in dist/; pass it to this job, and name it here",
    explanation="--wheel-from needs one sdist, whose wheel is to be built.",
)
NOT_DISTS = Entry(
    code="E209",
    title="not all of these are dists",
    where="{place}",
    why="{reasons}",
    fix="give sdists (.tar.gz) and wheels (.whl), or a directory that has some",
    explanation="Files were given to `check`, and some of them are no dists.",
)
UNKNOWN_CODE = Entry(
    code="E210",
    title="there is no code {code}",
    where="--explain {code}",
    why="checks and doctor have codes from {first_check} to {last_check}, errors from "
    "{first_error} to {last_error}",
    fix="{fix}",
    explanation="--explain names neither a check, a question of doctor nor an error.",
)
REPOSITORY_OF_ANOTHER_USER = Entry(
    code="E211",
    title="git does not trust this repository",
    where="{root}",
    why="git says: {reason}",
    fix="{command}",
    explanation="The repository belongs to another user, and git refuses to work in it (since "
    "2.35.2).",
)
NO_NEXUS = Entry(
    code="E212",
    title="no Nexus is configured, and {command} needs one",
    where="{root}",
    why="there is no url in [tool.releasekit], in releasekit.toml or in RELEASEKIT_URL",
    fix='set url = "https://nexus.example.com" (or RELEASEKIT_URL);\n'
    "[[nexus]] runs a Nexus on this machine to try it with",
    explanation="A command that only a Nexus can serve, and no `url`.",
)
NOTHING_PUBLISHED = Entry(
    code="E213",
    title="nothing was published to this sandbox, which is new",
    where="{url}",
    why="{files}\n"
    "there is no url in [tool.releasekit], in releasekit.toml or in RELEASEKIT_URL,\n"
    "so that each run has a sandbox of its own, which is gone at its end",
    fix="[[release]];\n"
    'or set url = "https://nexus.example.com" (or RELEASEKIT_URL); [[sandbox]] keeps one',
    explanation="`verify` without a `url`: the sandbox of the upload ended with its process.",
)
NOT_A_PYPI_REPOSITORY = Entry(
    code="E214",
    title="this is not a {role} PyPI repository",
    where="{url}",
    why="the server answered {answer}",
    fix="check url, hosted and group (or the .pypirc section):\n"
    "uploads go to a hosted repository, never to a group or a proxy",
    explanation="The address leads to no repository, or to one that takes no uploads.",
)
UNKNOWN_PYPIRC_SECTION = Entry(
    code="E215",
    title="-r {name}: no such repository in .pypirc",
    where="{path}",
    why="{reason}",
    fix="add [{name}] with `repository = https://…` (of Nexus: https://…/repository/NAME/)\n"
    "and its name to index-servers under [distutils]",
    explanation="-r names a section that .pypirc does not have, or that cannot be used.",
)
BROKEN_SETTINGS = Entry(
    code="E216",
    title="a settings file cannot be read",
    where="{path}",
    why="{reason}",
    fix="correct that file, or move it away; nothing was changed",
    explanation="A settings file of pip or uv has a syntax error, so it cannot be changed safely.",
)
INVALID_UV_SETTING = Entry(
    code="E275",
    title="uv does not accept a setting",
    where="the environment (UV_*, PIP_*), uv.toml or pip.conf",
    why="uv says: {reason}",
    fix="correct that value, then run this again",
    explanation="A variable or a settings file of uv or pip has a value that uv cannot read, as an "
    "address with an invalid port.",
)
INSECURE_INDEX = Entry(
    code="E217",
    title="pip does not install from plain http",
    where="{url}",
    why="it would need trusted-host, which lets anybody on the way replace packages",
    fix="serve Nexus over https, and set url to that address; ca-bundle names a private CA",
    explanation="The group's address is http, which pip accepts only without its check.",
)
BAD_QUERY = Entry(
    code="E218",
    title="this cannot be searched for",
    where="{word!r}",
    why="a name has letters, digits, - _ and . in it; * and ? stand for any of them",
    fix="[[search NAME]] (or a part of it, 'NAME-*', NAME==VERSION)",
    explanation="The word is neither a name nor a pattern.",
)
NO_SUCH_ENVIRONMENT = Entry(
    code="E219",
    title="no Python there",
    where="{path}",
    why="{reason}",
    fix="name an environment's directory or its Python: [[search WORD --python .venv]]",
    explanation="--python names no Python that runs.",
)
NEWER_FILE = Entry(
    code="E220",
    title="this was written by a newer releasekit",
    where="{path}",
    why="it has schema version {found}, and releasekit {release} reads {known}",
    fix="install the version of releasekit that wrote it, in every job: pip install -U releasekit;"
    "\nor make the file again with this one: [[build]]",
    explanation="A record of a build, or another file that a later step reads, has a newer "
    "schema_version than this releasekit knows.",
)
SANDBOX_IS_NO_NEXUS = Entry(
    code="E221",
    title="this is a sandbox, and {command} needs a Nexus",
    where="{url}",
    why="a sandbox takes uploads and serves them; it has no users, rights and rules to set up",
    fix="set url to the address of your Nexus (RELEASEKIT_URL is stronger than the project's);\n"
    "[[nexus]] runs a Nexus on this machine to try it with",
    explanation="A command that only a Nexus can serve, and `url` is the address of a sandbox.",
)
OWN_NAME_ELSEWHERE = Entry(
    code="E222",
    title="no group to take the build requirement {names} from, which own-names has",
    where="{root}",
    why="without a group, requirements come from {index},\n"
    "which may have a package of that name that is not yours",
    fix="set url and group in pyproject.toml to the group that has it, and\n"
    "RELEASEKIT_READER_USERNAME and RELEASEKIT_READER_PASSWORD if it is closed",
    explanation="`own-names` has a build requirement, and no group is configured or can be read.",
)
UNSUITABLE_ENCODING = Entry(
    code="E223",
    title="this Python cannot name a file",
    where="{place}",
    why="its encoding for file names is {encoding}: {reason}",
    fix="set PYTHONUTF8=1, or LC_ALL=C.UTF-8 without PYTHONUTF8, then run this again",
    explanation="Python's encoding for file names lacks a letter. In the process of nox it cannot "
    "be changed.",
)
FOREIGN_MODULES = Entry(
    code="E224",
    title="Python imported {names} from the current directory into releasekit",
    where="{files}",
    why="`python -m` and PYTHONPATH put that directory before Python's own modules, and the\n"
    "project's code must not run in the process that has the credentials",
    fix="{command}",
    explanation="Python had imported modules of the project before the first line of releasekit "
    "ran.",
)
SESSION_TAKEN = Entry(
    code="E225",
    title="the noxfile has a session {name} already, and releasekit has one of that name",
    where="the noxfile",
    why="releasekit replaces no session of the project",
    fix="above the project's own sessions: from releasekit.sessions import register\n"
    'and: register(prefix="kit-"), or register(names=["release", "doctor"])',
    explanation="`releasekit.sessions` was imported below a session of the same name.",
)
UNKNOWN_SESSION = Entry(
    code="E226",
    title="releasekit has no command {name}",
    where="the noxfile",
    why="its commands are {names}",
    fix="correct the names that register gets",
    explanation="`releasekit.sessions.register` got a name that no command has.",
)
DIRECTORY_GONE = Entry(
    code="E227",
    title="the current directory is gone",
    where="the current directory",
    why="it was removed after somebody went there",
    fix="cd to a directory that exists, and run this again",
    explanation="The current directory was removed, for example by git checkout or a clean-up.",
)
NO_PROOF = Entry(
    code="E228",
    title="these files are not proven to work",
    where="{path}",
    why="{reason}",
    fix="[[check]] (in CI: pass reports/proof.json from the job that checks to this one)",
    explanation="`publish` runs no code of the package, so it takes only files that `check` has "
    "installed, imported and tested: reports/proof.json says which.",
)
CIRCULAR_NEEDS = Entry(
    code="E229",
    title="these projects need each other",
    where="{root}",
    why="{names}",
    fix="remove one of these requirements, or release the projects one by one, with -C",
    explanation="Of several projects in one command, each is released after those that it needs.",
)
