"""Status 2, usage: git, its repository, programs and files that only somebody can set right."""

from releasekit.errors import Entry

CANNOT_FETCH_SUBMODULE = Entry(
    code="E260",
    title="a submodule cannot be fetched: {names}",
    where="{root}",
    why="git says: {reason}",
    fix="git -C {top} submodule update --init --recursive -- {paths}   (what git says then has to "
    "be fixed;\nin GitLab: GIT_SUBMODULE_STRATEGY: recursive)\n"
    "or, if the release does not need it, exclude it, here or with -f .gitmodules for everybody:\n"
    "{commands}",
    explanation="The commit has a submodule that this clone lacks, and it cannot be fetched.",
)
GIT_REFUSED = Entry(
    code="E261",
    title="git failed",
    where="{root}",
    why="git says: {reason}",
    fix="fix what git says; the command was: {command}\n"
    "(git fsck finds what is damaged in a repository; a new clone has it whole)",
    explanation="A git command that has to succeed failed, and the network is not to blame: the "
    "repository is damaged, or git or a filter of it is set up wrongly.",
)
MISSING_PROGRAM = Entry(
    code="E262",
    title="{program} is not installed",
    where="PATH",
    why="{reason}",
    fix="install {program}, or put it on PATH",
    explanation="A program that releasekit starts was not found.",
)
BYTE_ORDER_MARK = Entry(
    code="E263",
    title="{name} begins with a byte order mark",
    where="{path}",
    why="TOML is UTF-8 without one, so that no build backend can read this file;\n"
    "editors and PowerShell on Windows write it ({encoding})",
    fix='save it as UTF-8 without BOM, or: python -c "import pathlib; '
    "p = pathlib.Path(r'{path}'); p.write_bytes(p.read_bytes().decode('{encoding}').encode())\"",
    explanation="pyproject.toml or releasekit.toml begins with the mark of UTF-8 or UTF-16, which "
    "editors do not show.",
)
NOTHING_TO_ADOPT = Entry(
    code="E264",
    title="--adopt names no wheel",
    where="{path}",
    why="{reason}",
    fix="name the wheels that the other tool built: [[gather --adopt WHEEL...]]\n"
    "(paths start at the project's directory)",
    explanation="`gather --adopt` names a file that is not there, or that is no wheel.",
)
NO_PYTHON = Entry(
    code="E274",
    title="none of the Pythons in `pythons` is on this machine",
    where="{root}",
    why="`pythons` names {pythons}, and nothing is published that was tested with none of them",
    fix="install one (uv python install {first}), or add {running}, which runs releasekit, to "
    "`pythons`",
    explanation="A wheel is for this machine, and no Python of the key `pythons` is there to test "
    "it with. No Python is downloaded.",
)
ODD_DIRECTORY = Entry(
    code="E271",
    title="the name of the project's directory cannot be used",
    where="{path}",
    why="{reason}",
    fix="rename that directory, or clone the project into another one",
    explanation="git and installers read lists of paths: a path with a line break is two of them, "
    "and one that is not UTF-8 cannot be written into a report.",
)
CANNOT_CHANGE_SETTINGS = Entry(
    code="E285",
    title="the settings cannot be written into {name}",
    where="{path}",
    why="{reason}",
    fix="add this by hand:\n{lines}",
    explanation="`init` adds settings to a file, and leaves all else in it as it is. To some texts "
    "nothing can be added, as to a table `tool` that is one line; and it writes through no link "
    "that leads out of the repository, or to nothing. Nothing was changed.",
)
NO_UPLOAD_TIMES = Entry(
    code="E290",
    title="uv takes no file of {names}: the index has no upload times, which {setting} needs",
    where="{index}",
    why="{setting} excludes what was uploaded later than a date, and what has no upload time;\n"
    "pages of Nexus do not say when a file was uploaded. It stands under [tool.uv] in\n"
    "pyproject.toml, in a uv.toml, or in a variable",
    fix="{fix}\n(the key `build-constraints` pins what builds a release)",
    explanation="uv cannot tell which files of an index without upload times are newer than the "
    "date that `exclude-newer` or `exclude-newer-package` gives.",
)
NO_TAGS_TO_COUNT_FROM = Entry(
    code="E272",
    title="this clone has no tags to count from",
    where="{root}, commit {commit}",
    why="the development version counts the commits since the last release tag ({reason}):\n"
    "this commit would get another number in a clone that has the tags",
    fix="git -C {top} fetch --tags, then run this again\n"
    "(in Jenkins: Advanced clone behaviours with Fetch tags; in GitLab: GIT_DEPTH: 0);\n"
    "a project that never had a release needs its first tag",
    explanation="`snapshots` is set, the commit is not tagged, and its version is counted from "
    "tags, of which the clone has none.",
)
CANNOT_WRITE_VERSION = Entry(
    code="E273",
    title="the development version {version} cannot be written",
    where="{place}",
    why="{reason}",
    fix="write the file in a simpler form, with the version on a line of its own;\n"
    "or take the version from git, with setuptools-scm or hatch-vcs: they count .devN",
    explanation="A development version is written into the temporary checkout. The file is valid, "
    "and the library that changes it does not understand it.",
)
