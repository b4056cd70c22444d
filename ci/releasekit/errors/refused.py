"""Status 1, refused: the project must change, or what is published differs from what is wanted."""

from releasekit.errors import Entry

NO_RELEASE_TAG = Entry(
    code="E101",
    title="HEAD has no release tag",
    where="{root}, commit {commit}",
    why="a release is named by a tag like {tag} on the commit that is checked out",
    fix="[[git tag {tag}]] && [[git push origin {tag}]], then run this again on that tag",
    explanation="The target is a real index, and no tag on the commit names a version.",
)
SHALLOW_CLONE = Entry(
    code="E102",
    title="HEAD has no release tag",
    where="{root}, commit {commit}",
    why="this clone is shallow, so its tags may be missing",
    fix="[[git fetch --unshallow --tags]], then run this again (in GitLab: GIT_DEPTH: 0)",
    explanation="The same as E101 in a shallow clone, which may lack the tag.",
)
TAGS_NAME_NO_VERSION = Entry(
    code="E103",
    title="no tag on HEAD is a version",
    where="{root}, commit {commit}: {tags}",
    why="{why}",
    fix="[[git tag {example}]], then run this again; or {fix},\ncommit it, and tag the new commit",
    explanation="The commit has tags, and none of them matches the key `tag`: a pattern that does "
    "is proposed.",
)
TAGS_DISAGREE = Entry(
    code="E104",
    title="the tags on HEAD name different versions",
    where="{root}, commit {commit}: {tags}",
    why="only a candidate and its final version may share a commit",
    fix="choose one: [[release --tag {first}]] (in CI: RELEASEKIT_TAG={first})",
    explanation="Two release tags on one commit name versions of which one is no candidate.",
)
TAG_NOT_ON_HEAD = Entry(
    code="E105",
    title="the tag {tag} is not on HEAD",
    where="{root}, commit {commit}",
    why="the tags on HEAD: {tags}",
    fix="[[git checkout {tag}]] (or fetch it first: [[git fetch origin tag {tag}]])",
    explanation="--tag or RELEASEKIT_TAG names a tag of another commit, or one that is not here.",
)
NOT_IN_COMMIT = Entry(
    code="E106",
    title="the project is not in the commit",
    where="{root}, commit {commit}",
    why="git does not have this directory",
    fix="git add it, commit and tag",
    explanation="The directory of the project is untracked: a build takes the commit alone.",
)
DIRTY_TREE = Entry(
    code="E107",
    title="the working tree has uncommitted changes",
    where="{root}: {files}",
    why="a release holds what {source} holds, and these files differ from it",
    fix="[[git stash]] (or commit and tag again), then run this again",
    explanation="Tracked files differ from the tagged commit, and the target is a real index.",
)
NOT_A_DEVELOPMENT_VERSION = Entry(
    code="E108",
    title="{version} is not a development version, and HEAD has no release tag",
    where="{root}, commit {commit}",
    why="without a tag it would go to {snapshots}, which takes versions like 1.2.3.dev4:\n"
    "with the number {version}, installers would take it for a release",
    fix="[[git tag {tag}]] && [[git push origin {tag}]], and release that tag;\n"
    "or take the version from git, with setuptools-scm or hatch-vcs: they count .devN;\n"
    "or state it where releasekit can write a .devN: `version` in [project] of pyproject.toml",
    explanation="`snapshots` is set, the commit is not tagged, and its version, which stands in "
    "the code or in setup.py, has no .devN.",
)
BUILD_FAILED = Entry(
    code="E111",
    title="the build backend failed to make the {dist}",
    where="{root}; the whole output is in {log}",
    why="{tail}",
    fix="fix the project; it is built from its commit alone (the wheel from the sdist), without\n"
    "untracked, ignored or previously generated files; [[build -v]] shows the output as it comes",
    explanation="The build backend ended with an error; reports/build.log has all that it said.",
)
REPAIR_FAILED = Entry(
    code="E112",
    title="the repair of {wheel} failed",
    where="{root}; the whole output is in {log}",
    why="{tail}",
    fix="fix the wheel, or repair-wheel-command: {command}",
    explanation="The command of repair-wheel-command failed, or did not make exactly one wheel.",
)
INVALID_BUILD_REQUIREMENT = Entry(
    code="E113",
    title="invalid build requirement: {requirement!r}",
    where="{root}",
    why="a build requirement is NAME, NAME==VERSION or NAME @ ADDRESS (PEP 508), without ${{…}}",
    fix="correct it: in `requires` under [build-system], or where the build backend names it",
    explanation="A build requirement that uv would read as an option, or would fill a variable "
    "into.",
)
SOURCE_NOT_FOLLOWED = Entry(
    code="E114",
    title="the source of the build requirement {name} is not followed",
    where="{root}, [tool.uv.sources]: {source}",
    why="a wheel is built from its sdist, and nothing else of this directory is there then",
    fix="publish {name} to an index, and let the source name that (index), or an address (git,\n"
    "url); or remove the source",
    explanation="`[tool.uv.sources]` takes a build requirement from a directory, a workspace or a "
    "file of this machine.",
)
TRACKED_RESULTS = Entry(
    code="E115",
    title="git tracks files in {places}, where results would go",
    where="{root}: {files}",
    why="releasekit writes dists and reports there, and overwrites nothing that git tracks",
    fix="--into build names another directory for them, in every step; or, if they are results\n"
    "of earlier builds: git -C {top} rm -r --cached {paths}, and commit that",
    explanation="A file that git tracks is in dist/ or reports/. Nothing was written.",
)
CANNOT_ADOPT = Entry(
    code="E116",
    title="{filename} cannot be adopted",
    where="{path}",
    why="{problems}",
    fix="build it again with that tool, from {sdist} alone or from the same tag,\n"
    "and change nothing in it afterwards; a field that differs on purpose has to be dynamic in "
    "the sdist (PEP 643)",
    explanation="`gather --adopt` names a wheel whose RECORD, name, version or metadata is not "
    "that of the sdist.",
)
BUILD_REQUIREMENTS_REFUSED = Entry(
    code="E117",
    title="the build requirements cannot be met: {requirements}",
    where="{root}; the whole output is in {log}",
    why="{tail}",
    fix="correct `requires` under [build-system], or [tool.uv], as uv says; the index was\n{index}",
    explanation="A source of a build requirement names an index or a tag that is not there, what "
    "is required cannot be built here, or a setting of uv has a value that it does not have.",
)
CHECKS_REFUSED = Entry(
    code="E121",
    title="{findings} of severity error: {codes}",
    where="{place}",
    why="the findings above say what is wrong, where, and how to fix it",
    fix="fix them; [[check --explain CODE]] says why a check exists, and what it allows",
    explanation="At least one finding of the checks is an error. Its severity can be configured, "
    "except where a guarantee depends on it.",
)
FILES_CHANGED = Entry(
    code="E122",
    title="dist/ does not hold what was built",
    where="{dist}",
    why="{reason}",
    fix="[[build]], then run this again (in CI: pass dist/ and reports/ from one build job to "
    "this one)",
    explanation="A file in dist/ is missing, or has other bytes than the record of the build "
    "names.",
)
RECORD_OF_ANOTHER_COMMIT = Entry(
    code="E123",
    title="the build is of another commit",
    where="{path}",
    why="it was built from {built}, and HEAD is {head}",
    fix="[[build]], then run this again",
    explanation="reports/release.json was made from another commit or tag than is checked out.",
)
NOT_A_PLAIN_FILE = Entry(
    code="E125",
    title="{path} is {kind}, and has to be {wanted}",
    where="{path}",
    why="releasekit follows no links in dist/ and reports/, and opens plain files only:\n"
    "it would read, write or delete what is not its own",
    fix="{command}   (if git tracks it: git rm, and commit that), then run this again",
    explanation="A link or a special file is in dist/ or reports/.",
)
INCOMPLETE_RELEASE = Entry(
    code="E131",
    title="{requirement} is not complete",
    where="{path}",
    why="{gaps}",
    fix="build what is missing ([[build --sdist]]; [[build --wheel-from SDIST]]),\n"
    "then [[gather]]; `wheels` in [tool.releasekit] lists the wheels of a release",
    explanation="The sdist or an expected wheel is missing, or a wheel is not expected.",
)
PARTS_DISAGREE = Entry(
    code="E132",
    title="the builds are not of one release",
    where="{parts}",
    why="what is gathered is of one project, version, tag and commit",
    fix="remove those that do not belong here, or build them again from the same tag",
    explanation="The records to be joined are of different projects, versions, tags or commits.",
)
BUILT_TWICE = Entry(
    code="E133",
    title="{filename} was built twice, and the bytes differ",
    where="{found}",
    why="a release has one sdist, and one file per name: nobody can tell which is right",
    fix="let one job build it: in a matrix, a pure wheel is the same for all Pythons\n"
    "(each record in reports/parts/ holds the tools and requirements of its build)",
    explanation="Two build jobs made the same file with different bytes, or two sdists.",
)
WHEEL_OF_ANOTHER_SDIST = Entry(
    code="E134",
    title="a wheel was not made from this sdist",
    where="{wheels}",
    why="it was made from an sdist {made_from},\nand {sdist} is {sha256}",
    fix="[[build --wheel-from {sdist}]], with the sdist that is to be released",
    explanation="The record of a wheel names the SHA-256 of another sdist than is gathered.",
)
CONFLICT = Entry(
    code="E141",
    title="{files} already published with other bytes",
    where="{url}",
    why="{differences}\na published file is never overwritten",
    fix="{fix}",
    explanation="The repository has a file of the same name with different content. It is found "
    "before the first upload.",
)
OTHER_BYTES_SERVED = Entry(
    code="E142",
    title="the index serves other bytes than were released",
    where="{url}",
    why="{files}",
    fix="see which member of the group has that name: a public package shadows yours,\n"
    "or another group member holds an older file; a routing rule on the proxy blocks it",
    explanation="The repository that people install from has another file under that name.",
)
PACKAGE_FAILS = Entry(
    code="E143",
    title="{requirement} is published but does not work",
    where="{url}",
    why="installed from there, by hash, with its dependencies:\n{failures}",
    fix="fix the package and release a new version: these files stay published",
    explanation="What the index serves installs, but an import or the smoke test fails with it.",
)
OTHER_PROOF = Entry(
    code="E144",
    title="the proof is about other files",
    where="{path}",
    why="{reason}",
    fix="[[check]] proves the files in dist/; in CI, pass dist/ and reports/ of one job on",
    explanation="reports/proof.json names other SHA-256s than the release has, or is not the file "
    "that RELEASEKIT_PROOF_SHA256 names.",
)
SIBLING_REFUSED = Entry(
    code="E145",
    title="a project that this one needs was refused",
    where="{root}",
    why="it needs {needs}, of the same command",
    fix="see what is said of {needs}; then run this again",
    explanation="Of several projects in one command, those that need a refused one are not begun.",
)
SERVER_DIFFERS = Entry(
    code="E151",
    title="Nexus differs from the configuration",
    where="{url}",
    why="{changes}: see the plan above; nothing was changed",
    fix="[[provision --apply]] carries the plan out",
    explanation="`provision` without --apply found a difference (drift).",
)
SERVER_BLOCKED = Entry(
    code="E152",
    title="{resources} on Nexus cannot be changed by releasekit",
    where="{url}",
    why="{reasons}\nnothing was changed",
    fix="settle what the lines with ! say, then run this again",
    explanation="Something on the server contradicts the configuration, and only a person can "
    "decide what is right.",
)
SETTINGS_DIFFER = Entry(
    code="E153",
    title="pip and uv are not set up for the group",
    where="{place}",
    why="{differences}: see the plan above; nothing was written",
    fix="[[pip-config --apply]] writes them",
    explanation="`pip-config` without --apply found a difference.",
)
NOTHING_FOUND = Entry(
    code="E154",
    title="nothing found for {word}",
    where="{url}",
    why="{reason}",
    fix="{fix}",
    explanation="No project in the group has a name or a version like that.",
)
DIAGNOSIS_REFUSED = Entry(
    code="E155",
    title="{rows} of the diagnosis failed: {codes}",
    where="{url}",
    why="see the rows above, and reports/summary.md",
    fix="fix them as each row says, then run [[doctor]] again",
    explanation="The doctor found something that somebody has to change before a release.",
)
