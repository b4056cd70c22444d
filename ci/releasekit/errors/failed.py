"""Status 3, failed: index, network or machine; running it again can succeed. And interrupts."""

from releasekit.errors import Entry

UNREACHABLE = Entry(
    code="E301",
    title="the server cannot be reached",
    where="{url}",
    why="{reason}",
    fix="check the address, the network and HTTPS_PROXY / NO_PROXY, then run this again: it is "
    "safe",
    explanation="No connection could be made, or it broke before an answer came.",
)
UNEXPECTED_ANSWER = Entry(
    code="E302",
    title="the answer is not that of a package index",
    where="{url}",
    why="{answer}",
    fix="open that address in a browser: a login page, a front server or an offline repository\n"
    "answers like this; then run this again",
    explanation="The server answered with an error or a page that no package index sends.",
)
UPLOAD_FAILED = Entry(
    code="E303",
    title="{filename} was not uploaded",
    where="{url}",
    why="{reason} (tried {attempts}; the index was read after each)",
    fix="run this again: what is already there is skipped",
    explanation="The upload failed several times, and the index confirms that the file is not "
    "there.",
)
UPLOAD_REFUSED = Entry(
    code="E304",
    title="the server refused an upload",
    where="{url}",
    why="it answered {answer}",
    fix="{fix}",
    explanation="The server answered an upload with a redirect, or with a status from 400 to 499.",
)
NOT_LISTED = Entry(
    code="E305",
    title="the repository does not list what was uploaded",
    where="{url}",
    why="{files}\n(not listed for {seconds:g} s; nothing more was uploaded)",
    fix="open that address in a browser: a login page or a proxy may answer instead of the\n"
    "repository, or keep its pages longer; then run this again: what is listed is skipped",
    explanation="Uploads were answered with success, but the hosted repository does not list the "
    "files within `stale-limit`.",
)
STALE_INDEX = Entry(
    code="E306",
    title="the index does not serve the release yet",
    where="{url}",
    why="{files}\n(waited {seconds:g} s; {hosted})",
    fix="[[verify]]; if it stays like this, invalidate the group's cache in Nexus,\n"
    "and see that the hosted repository is a member of the group",
    explanation="The group does not list files that the hosted repository may have.",
)
NOT_UPLOADED = Entry(
    code="E307",
    title="the index does not serve the release",
    where="{url}",
    why="{files}\n(waited {seconds:g} s; {hosted})",
    fix="[[publish]], then [[verify]]",
    explanation="Neither the group nor the hosted repository lists the files.",
)
INSTALL_NOT_TESTED = Entry(
    code="E308",
    title="the install could not be tested",
    where="{place}",
    why="{tail}",
    fix="run this again: it is safe; with -v it shows the installer's output",
    explanation="There is no environment, no download, or a fault of the machine. Nothing is said "
    "about the package.",
)
NOT_RESOLVED = Entry(
    code="E309",
    title="the requirements of the package could not be resolved",
    where="{index}",
    why="{reason}",
    fix="see that uv reaches that index from here (a proxy, a CA, a login), then run this again",
    explanation="uv had no answer, or one that is not that of an index. Nothing is said about the "
    "requirements.",
)
DEPENDENCIES_GONE = Entry(
    code="E310",
    title="the release cannot be installed with its dependencies any more",
    where="{index}",
    why="{reason}\n(before the upload, the same requirements did resolve)",
    fix="give the group back what is missing, then [[verify]]; the package itself is published",
    explanation="A dependency was removed from the group, or its proxy does not serve it any more, "
    "after the release was checked.",
)
BUILD_REQUIREMENTS_FAILED = Entry(
    code="E311",
    title="the build requirements could not be installed: {requirements}",
    where="{root}; the whole output is in {log}",
    why="{tail}",
    fix="check `requires` under [build-system], and where they are fetched from: {index}\n"
    "(uv's settings decide, else pip's, else `url` and `group`), then run this again",
    explanation="uv could not install what the build backend needs.",
)
BUILD_ENVIRONMENT_CHANGED = Entry(
    code="E312",
    title="the build environment was changed while two builds ran in it",
    where="{path}",
    why="one of them wrote into it, so that its code may have run in the other one;\n"
    "nothing that this build made is kept",
    fix="run this again; with --fresh or -j 1 no two builds share an environment",
    explanation="A build wrote into a cached environment that another build used.",
)
GIT_FAILED = Entry(
    code="E313",
    title="git failed",
    where="{root}",
    why="git says: {reason}",
    fix="fix what git says, then run this again; the command was: {command}",
    explanation="A git command failed because of the network or the machine.",
)
FILE_NOT_SERVED = Entry(
    code="E314",
    title="the index lists a file that it does not serve",
    where="{url}",
    why="it answered {answer}",
    fix="if it stays like this, invalidate the caches of the group and the proxy in Nexus, or see\n"
    "which rule blocks that file; then run this again: it is safe",
    explanation="A page has a link, and the server answers 404 or 410 for the file.",
)
CANNOT_WRITE = Entry(
    code="E321",
    title="a file or directory cannot be read or written",
    where="{path}",
    why="{reason}",
    fix="see what is there, whether this user may write it, and whether the disk is full",
    explanation="The system refused to read or write a file.",
)
OUTPUT_LOST = Entry(
    code="E322",
    title="the output cannot be written",
    where="{stream}",
    why="{reason}",
    fix="see whether the disk that the output goes to is full, and what reads it; then run this "
    "again:\nit is safe",
    explanation="What is shown does not arrive: the disk is full, or the reader has gone.",
)
CANNOT_CACHE = Entry(
    code="E323",
    title="the cache of build environments cannot be written",
    where="{path}",
    why="{reason}",
    fix="set cache-dir (or RELEASEKIT_CACHE_DIR) to a directory that this user may write;\n"
    "--fresh does without a cache",
    explanation="The cache directory is read-only, or is on a file system without locks.",
)
LIMIT_REACHED = Entry(
    code="E324",
    title="a limit of this machine was reached: {limited}",
    where="{place}",
    why="{reason}",
    fix="{fix}, then run this again: it is safe",
    explanation="Memory, processes, open files or file sizes are limited; neither the project nor "
    "the server is to blame.",
)
PROCESS_KILLED = Entry(
    code="E325",
    title="the process of this project ended early",
    where="{root}",
    why="{reason}",
    fix="see that there is memory for several builds at once, or use -j 1, then run this again:\n"
    "what is already published is skipped",
    explanation="One of several projects was released in a process that something killed.",
)
PROGRAM_KILLED = Entry(
    code="E326",
    title="{program} was ended by a signal",
    where="{place}",
    why="{reason}",
    fix="see what ended it, or what it had too little of, then run this again: it is safe",
    explanation="A program that releasekit started crashed or was killed: that says nothing about "
    "the package.",
)
NEXUS_REFUSED = Entry(
    code="E331",
    title="Nexus refused to {action}",
    where="{url}",
    why="it answered {answer}",
    fix="see in Nexus what that means, then run this again: what is already done is kept",
    explanation="The REST API of Nexus answered with an error.",
)
NOT_AS_WRITTEN = Entry(
    code="E332",
    title="Nexus accepted the change of the {resource} and did something else",
    where="{url}",
    why="it has -> it was told: {differences}",
    fix="set this in Nexus by hand, then run this again; somebody else may have changed it too",
    explanation="A change was accepted, and reading it back shows something else.",
)
SERVER_UNSETTLED = Entry(
    code="E333",
    title="Nexus differs again from what was just set",
    where="{url}",
    why="{changes}\nsomebody, or another program, changes the same resources",
    fix="see who does, then run this again: what is already done is kept",
    explanation="`provision --apply` carried its plan out, and comparing again finds differences.",
)
NOT_A_NEXUS = Entry(
    code="E334",
    title="this does not answer as a Nexus does",
    where="{url}",
    why="it answered {answer}, and calls itself {server}",
    fix="check url: the address of Nexus itself, with its context path if it has one;\n"
    "a login page or another server answers like this",
    explanation="The server that answers does not call itself Nexus.",
)
LICENSE_NOT_ACCEPTED = Entry(
    code="E335",
    title="this Nexus does not serve anything yet",
    where="{url}",
    why="its End User License Agreement is not accepted: it answers 403 to everybody",
    fix="its administrator accepts it: by signing in with a browser, or with\n"
    "[[provision --apply --accept-eula]]",
    explanation="A Community Edition whose license agreement nobody has accepted.",
)
DIAGNOSIS_FAILED = Entry(
    code="E336",
    title="{rows} of the diagnosis failed: {codes}",
    where="{url}",
    why="see the rows above: a server or the network does not work now",
    fix="run [[doctor]] again when that is fixed or over",
    explanation="The doctor found a server or a network that does not work now.",
)
TOO_MANY_REQUESTS = Entry(
    code="E337",
    title="the server takes no more requests for now",
    where="{url}",
    why="it answered {answer}, and {wait}",
    fix="run this again after that: it is safe; its administrator sees which limit was reached",
    explanation="The server, or what is in front of it, limits requests (429). A shorter wait, up "
    "to `timeout`, is waited for.",
)
SERVER_FAILS = Entry(
    code="E338",
    title="the server cannot do this now",
    where="{url}",
    why="it answered {answer}",
    fix="ask its administrator what that means, if it lasts; then run this again: it is safe",
    explanation="The server, or what is in front of it, answered with a status of 500 or above: it "
    "is in read-only mode, offline, being started, or broken.",
)
TOO_SLOW = Entry(
    code="E339",
    title="the server did not answer in time",
    where="{url}",
    why="{reason}",
    fix="run this again: it is safe; for a server that is always slow, raise timeout\n"
    "(or RELEASEKIT_TIMEOUT)",
    explanation="No answer came within `timeout`, or one that comes too slowly.",
)
SANDBOX_NOT_STARTED = Entry(
    code="E341",
    title="the sandbox could not be started",
    where="{address}",
    why="{reason}",
    fix="choose another port with --port, or leave it out for a free one",
    explanation="The sandbox could not listen on its port, or has no directory for its files.",
)
NEXUS_NOT_STARTED = Entry(
    code="E342",
    title="{problem}",
    where="{place}",
    why="{reason}",
    fix="{fix}",
    explanation="`nexus` could not get a real Nexus for trying out, or could not start it.",
)
PROXY_UNREACHABLE = Entry(
    code="E351",
    title="the proxy cannot be reached",
    where="{url}",
    why="{reason}",
    fix="check HTTPS_PROXY (HTTP_PROXY, ALL_PROXY), or go past it: NO_PROXY={host}; then run this "
    "again: it is safe",
    explanation="No connection to the proxy could be made, or it broke.",
)
PROXY_REFUSED = Entry(
    code="E352",
    title="the proxy does not connect to the server",
    where="{url}",
    why="{reason}",
    fix="check HTTPS_PROXY (HTTP_PROXY, ALL_PROXY), or go past it: NO_PROXY={host}",
    explanation="The proxy answered that it does not connect to the server.",
)
REDIRECT_LOOP = Entry(
    code="E353",
    title="the server redirects without end",
    where="{url}",
    why="{reason}",
    fix="see what is at that address and in front of it, then run this again: it is safe",
    explanation="A redirect leads back, or there are too many of them.",
)
REDIRECT_TO_HTTP = Entry(
    code="E354",
    title="the server redirects from https to plain http",
    where="{url}",
    why="{reason}",
    fix="have the front server keep https in its redirects (X-Forwarded-Proto), or configure\n"
    "the address that it leads to, with https",
    explanation="A redirect would send the credentials unencrypted; it is not followed.",
)
REDIRECT_TO_NOWHERE = Entry(
    code="E355",
    title="the server redirects to nowhere",
    where="{url}",
    why="{reason}",
    fix="see what is at that address and in front of it, then run this again: it is safe",
    explanation="A redirect has no address, or one that cannot be used.",
)
ANSWER_CUT_OFF = Entry(
    code="E356",
    title="the server's answer broke off",
    where="{url}",
    why="{reason}",
    fix="see what is at that address and in front of it, then run this again: it is safe",
    explanation="The connection was closed in the middle of an answer.",
)
ANSWER_TOO_LARGE = Entry(
    code="E357",
    title="the server's answer is too large",
    where="{url}",
    why="{reason}",
    fix="see what is at that address and in front of it, then run this again: it is safe",
    explanation="An answer is larger than the limit for its kind.",
)
INVALID_ADDRESS = Entry(
    code="E358",
    title="this is no address",
    where="{url}",
    why="{reason}",
    fix="see what is at that address and in front of it, then run this again: it is safe",
    explanation="A link of a page, or a setting, has no address that can be used.",
)
UNREADABLE_ANSWER = Entry(
    code="E359",
    title="the server's answer cannot be read",
    where="{url}",
    why="{reason}",
    fix="see what is at that address and in front of it, then run this again: it is safe",
    explanation="What answers does not speak HTTP, or its headers contradict each other.",
)
SIBLING_FAILED = Entry(
    code="E360",
    title="a project that this one needs was not released",
    where="{root}",
    why="it needs {needs}, of the same command, which failed",
    fix="see what is said of {needs}; then run this again",
    explanation="Of several projects in one command, those that need a failed one are not begun.",
)
SUBMODULE_UNREACHABLE = Entry(
    code="E361",
    title="a submodule cannot be fetched now: {names}",
    where="{root}",
    why="git says: {reason}",
    fix="see that this machine reaches the submodule's host, then run this again\n"
    "or, if the release does not need it, exclude it, here or with -f .gitmodules for everybody:\n"
    "{commands}",
    explanation="The commit has a submodule that this clone lacks, and the network keeps git from "
    "it.",
)
INTERNAL_ERROR = Entry(
    code="E399",
    title="an error that releasekit does not know: {kind}",
    where="{place}",
    why="this is a defect of releasekit, or of a library that it uses",
    fix="run this again with -v, which shows the traceback, and report it",
    explanation="An exception that nothing expects. Its text is not shown, because it may hold "
    "anything.",
)
INTERRUPTED = Entry(
    code="E901",
    title="interrupted",
    where="during {step}",
    why="a signal asked for it; programs that were started are stopped",
    fix="run the same command again: what is already published is skipped",
    explanation="Ctrl-C or SIGTERM ended the command.",
)
