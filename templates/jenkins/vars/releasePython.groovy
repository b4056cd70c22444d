// Releases a Python package: each stage runs one session of releasekit. Help: releasePython.txt
import com.cloudbees.groovy.cps.NonCPS
import groovy.transform.Field
import hudson.model.Result
import org.jenkinsci.plugins.workflow.steps.FlowInterruptedException

@Field final Map DEFAULTS = [
    url: '',
    hosted: '',
    group: '',
    snapshots: '',
    credentials: '',
    token: '',
    username: '__token__',
    readerCredentials: '',
    netrc: '',
    caBundle: '',
    clientCert: '',
    tag: '',
    wheels: [:],
    workingDirectory: '.',
    dryRun: false,
    fresh: false,
    verbose: false,
    lock: 'releasekit',
    label: '',
    publishLabel: '',
    python: 'python3',
    kit: '0.1.0',
    kitIndex: '',
]

// What the exit statuses of a session mean; 3 is nobody's mistake: the same build may succeed later.
@Field final Map WORDS = [1: 'refused', 2: 'usage', 3: 'failed', 130: 'interrupted']

// What the agent, a folder or Jenkins itself may have in the environment: no other session gets it.
@Field final List SECRETS = [
    'TWINE_USERNAME', 'TWINE_PASSWORD', 'RELEASEKIT_ADMIN_USERNAME', 'RELEASEKIT_ADMIN_PASSWORD',
    'RELEASEKIT_PUBLISHER_PASSWORD', 'RELEASEKIT_PROXY_PASSWORD',
]

// Jenkins makes one object of this script for a build: how often it was called, and where the files of
// each directory are archived (https://www.jenkins.io/doc/book/pipeline/shared-libraries/#defining-global-variables).
@Field int calls = 0
@Field Map archives = [:]

// `attend` ends the processes that a command leaves behind: as subreaper this one becomes their parent
// (man 2 prctl, PR_SET_CHILD_SUBREAPER). If it is killed itself, the stage fails.
@Field final String START = '''#!/bin/sh -eu
list_all() { env | sed -nE "s/^(($1)[A-Za-z0-9_]*)=.*/\\1/p"; } # all variables whose names begin so
unset_all() { for name in $(list_all "$1"); do unset "$name"; done; }
unset PYTHONEXECUTABLE # -I does not ignore it: Python would look for its packages there
[ -z "${NO_COLOR:-}" ] || unset FORCE_COLOR # nox refuses both
unset_all 'NOX|RELEASEKIT_ADMIN_|RELEASEKIT_PUBLISHER_|RELEASEKIT_PROXY_PASSWORD'
[ -n "${RELEASEKIT_TAG:-}" ] || unset RELEASEKIT_TAG
[ -n "${RELEASEKIT_PROOF_SHA256:-}" ] || unset RELEASEKIT_PROOF_SHA256
stop() { printf 'error %s\\n' "$2" >&2; exit "$1"; } # one line: what, where and the fix
attend='import ctypes, os, signal, subprocess, sys, time

def find_descendants():
    parents, names, found = {}, {}, {os.getpid()}
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                name, _, rest = file.read().rpartition(b")")
        except OSError:
            continue
        state, parent = rest.split()[:2]
        if state not in (b"Z", b"X"):
            parents[pid], names[pid] = int(parent), name.partition(b"(")[2].decode(errors="replace")
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return {pid: names[pid] for pid in found - {os.getpid()} if pid in names}

linux = sys.platform == "linux"
if linux and ctypes.CDLL(None).prctl(36, 1, 0, 0, 0):
    print("error E284: the kernel of this agent does not let a process take in those that a stage leaves behind", file=sys.stderr)
    sys.exit(2)
child, early = None, []

def hand_on(number, _):
    child.send_signal(number) if child else early.append(number)

for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
    signal.signal(number, hand_on)
child = subprocess.Popen(sys.argv[1:], start_new_session=not linux)
for number in early:
    child.send_signal(number)
status = child.wait()
if not linux:
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except OSError:
        pass
ended, deadline = {}, time.monotonic() + 60
while linux and (left := find_descendants()):
    for pid, name in left.items():
        try:
            os.kill(pid, signal.SIGKILL)
            ended[pid] = name
        except ProcessLookupError:
            pass
        except PermissionError:
            print(f"error E284: a process that this stage left behind runs as another user: {name} ({pid}); let the project end what it starts", file=sys.stderr)
            sys.exit(2)
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
    if time.monotonic() > deadline:
        print(f"error E284: processes that this stage left behind do not end: {left}; let the project end what it starts", file=sys.stderr)
        sys.exit(2)
    time.sleep(0.01)
if ended:
    print("note: ended what this stage left behind:", ", ".join(f"{name} ({pid})" for pid, name in ended.items()))
sys.exit(status if status >= 0 else 128 - status)
'
'''

@Field final String FORGET = 'unset_all TWINE_\n'

@Field final String DETECT = '''
command -v git > /dev/null ||
    stop 2 "E267: a program is missing: there is no git on the agent or in its container; install it there, or choose another agent (label)"
command -v "$PYTHON" > /dev/null ||
    stop 2 "E267: a program is missing: there is no $PYTHON on the agent or in its container; install it there, name another (python), or choose another agent (label)"
# -I: Python imports nothing from the project's directory or PYTHONPATH, here and below.
"$PYTHON" -I -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    stop 2 "E267: a program is missing: $PYTHON is older than 3.10, which releasekit needs; name another (python), or choose another agent (label)"
if [ -z "$KIT" ]; then
    "$PYTHON" -I -c 'import releasekit' 2> /dev/null ||
        stop 2 "E267: a program is missing: $PYTHON has no releasekit, and kit is empty; install it there, or name a version (kit)"
else
    "$PYTHON" -I -c 'import venv, ensurepip' 2> /dev/null ||
        stop 2 "E267: a program is missing: $PYTHON has no venv or no ensurepip; install python3-venv (Debian, Ubuntu), or name another Python (python)"
fi
'''

@Field final String INSTALL = '''
git clean -ffdxq -- dist reports # what an earlier build left, and nothing that git tracks
tracked=$(git ls-files -- dist reports)
[ -z "$tracked" ] || printf 'note: these files stay where releasekit writes, because git tracks them:\\n%s\\n' "$tracked"
if [ -z "${RELEASEKIT_TAG:-}" ]; then # the version may be counted from tags
    [ -n "$(git tag)" ] ||
        echo 'note: this clone has no tags, without which Jenkins clones a branch; where the version comes from tags, add "Advanced clone behaviours" with "Fetch tags" to the branch source'
    tagged=$(git tag --points-at HEAD | tr '\\n' ' ')
    [ -z "$tagged" ] ||
        echo "note: HEAD has the tag $tagged: another build releases it, which Jenkins starts by itself only with the plugin Basic Branch Build Strategies"
fi
[ "$(git rev-parse --is-shallow-repository)" != true ] ||
    echo 'note: this clone is shallow; where the version is counted from tags, switch "Shallow clone" off in the branch source'
[ -n "$KIT" ] || exit 0
mkdir -p "${KIT_HOME%/*}"
exec 9> "$KIT_HOME.lock" # the first of two builds installs it, and the other one waits
"$PYTHON" -I -c 'import fcntl, sys, time
deadline = time.monotonic() + 600
while True:
    try:
        fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)
        break
    except BlockingIOError:
        if time.monotonic() > deadline:
            sys.exit(1)
    except OSError:
        print("note: no locks here: two builds at once may fail")
        break
    time.sleep(0.5)' ||
    stop 3 "E321: a file or directory cannot be read or written: $KIT_HOME.lock, which another build holds for ten minutes; end the build or the process that holds it (fuser names that), then build again"
whole() { # it was finished, its Python runs, and no file was removed since
    [ -f "$KIT_HOME/finished" ] && "$KIT_HOME/bin/python" -I -c 'import nox, releasekit.cli
from importlib.metadata import distributions
files = (file for dist in distributions() for file in dist.files or ())
raise SystemExit(any(not file.locate().exists() for file in files))' > /dev/null 2>&1
}
! whole || exit 0
rm -rf "$KIT_HOME"
"$PYTHON" -I -m venv "$KIT_HOME" ||
    stop 3 "E321: a file or directory cannot be read or written: $KIT_HOME; see above, and whether the disk of the agent is full, then build again"
explain() { # why pip failed: its log has what it does not show
    index=$1 log=$2 missing=$(sed -nE 's/.*No matching distribution found for ([^ ]+).*/\\1/p' "$log" | tail -n 1)
    if grep -q '407 Proxy' "$log"; then
        stop 2 "E268: pip cannot install $KIT: the proxy before $index wants a login; write it into HTTPS_PROXY of the agent, as http://USER:PASSWORD@HOST:PORT"
    elif grep -qE '(401|403) (Client )?Error|HTTP error 40[13]' "$log"; then
        stop 2 "E268: pip cannot install $KIT: $index wants a login, or refuses the one that it got; name a secret file (netrc) with: machine HOST login USER password …"
    elif grep -qE 'CERTIFICATE_VERIFY_FAILED|SSLError' "$log"; then
        stop 2 "E268: pip cannot install $KIT: the certificate of $index is not trusted; name a secret file (caBundle) with the CA of the company"
    elif grep -qE 'ConnectionError|ConnectTimeout|ReadTimeout|NameResolutionError|Max retries exceeded|ProxyError|ProtocolError|IncompleteRead|5[0-9][0-9] Server Error|No space left' "$log"; then
        stop 3 "E301: the server cannot be reached: $index, from which pip installs $KIT; check kitIndex, DNS and proxies of the agent (HTTPS_PROXY, NO_PROXY), then build again"
    elif [ -z "$missing" ]; then
        stop 2 "E266: pip cannot install $KIT: it says above what $index lacks; correct kit or kitIndex"
    fi
    case $missing in
        releasekit*) stop 2 "E266: pip cannot install $KIT: $index has no $missing for this Python; publish it there once, or correct kit or kitIndex (docs/serve-the-kit.md of releasekit)" ;;
        *) stop 2 "E266: pip cannot install $KIT: $index has no $missing, which it needs; kitIndex has to be a group with a proxy of a public index (docs/serve-the-kit.md of releasekit)" ;;
    esac
}
( # only pip sees these variables, and it runs no build beside a password
    ca=${RELEASEKIT_CA_BUNDLE:-} cert=${RELEASEKIT_CLIENT_CERT:-}
    unset_all 'TWINE_|RELEASEKIT_'
    for name in $(list_all PIP_); do
        case $name in # what says where packages come from, and how to connect
            *INDEX* | *CERT | *TIMEOUT | PIP_FIND_LINKS | PIP_TRUSTED_HOST | PIP_PROXY | PIP_RETRIES) ;;
            PIP_CONFIG_FILE | PIP_CACHE_DIR | PIP_KEYRING_PROVIDER | PIP_USE_FEATURE) ;;
            *) unset "$name" ;; # PIP_USER, PIP_REQUIRE_HASHES …: for other installs
        esac
    done
    if [ -n "$KIT_INDEX" ]; then
        export PIP_INDEX_URL="$KIT_INDEX"
        [ ! -f "$ca" ] || export PIP_CERT="$ca" REQUESTS_CA_BUNDLE="$ca" # which beats PIP_CERT
        [ ! -f "$cert" ] || export PIP_CLIENT_CERT="$cert"
    fi
    index=${KIT_INDEX:-the index that pip knows}
    echo "installing $KIT from $index"
    : > "$KIT_HOME/pip.log"
    set -- # what comes from an index is not built: that would be foreign code
    case $KIT in releasekit | releasekit[=\\<\\>~!]*) set -- --only-binary :all: ;; esac
    "$PYTHON" -I -c "$attend" "$KIT_PYTHON" -I -m pip install --log "$KIT_HOME/pip.log" --progress-bar off --no-compile --no-input --disable-pip-version-check "$@" -- "$KIT" ||
        explain "$index" "$KIT_HOME/pip.log"
)
touch "$KIT_HOME/finished"
'''

// What is archived, and what goes to another agent.
@Field final String FILES = 'dist/*, reports/**'

@Field final String LOOK = '''
git rev-parse --show-toplevel
git rev-parse --show-prefix
git rev-parse HEAD
pwd -P
'''

// The commit is checked out by its hash, which git computes anew for all that it gets from another repository.
@Field final String TAKE = '''
export GIT_LFS_SKIP_SMUDGE=1 # what was built has the contents, and a pointer is no change
[ -z "$BUILT" ] || git clone -q --no-local --no-checkout "$BUILT" .
git checkout -q --force --detach "$COMMIT" ||
    stop 2 "E283: the commit $COMMIT, which was built, is not in the checkout of the stage publish; build from the repository that the job names as its source, and not from a shallow clone"
'''

@Field final String COPY = '''
mkdir -p dist reports
cp -R -P "$WORK/dist/." dist
cp -R -P "$WORK/reports/." reports
'''

@Field final String GIVE_BACK = 'mkdir -p "$WORK/reports" && cp -R -P reports/. "$WORK/reports"'

// publish refuses any other proof than the one that is there once `check` has ended.
@Field final String DIGEST = '''
"$PYTHON" -I -c 'import hashlib, pathlib
proof = pathlib.Path("reports/proof.json")
print("RELEASEKIT_PROOF_SHA256=" + (hashlib.sha256(proof.read_bytes()).hexdigest() if proof.exists() else ""))'
'''

@Field final String RUN = '''
releasekit() {
    session=$1
    shift
    noxfile=$("$KIT_PYTHON" -I -c 'import releasekit; print(releasekit.__path__[0])')/noxfile.py || exit 2
    case $session in
        plan | publish | verify) ;;
        *) ! grep -qs releasekit.sessions noxfile.py || noxfile=$PWD/noxfile.py ;;
    esac
    # exec: the environment that this shell had would stay readable in /proc
    exec "$PYTHON" -I -c "$attend" "$KIT_PYTHON" -I -m nox -f "$noxfile" -s "$session" -- -C "$PWD" "$@"
}
releasekit '''

def call(Map parameters = [:]) {
    Map options = read(parameters)
    calls = calls + 1
    options.call = calls
    options.releases = options.tag || (options.snapshots && env.BRANCH_IS_PRIMARY == 'true')
    boolean publishes = options.releases && !options.dryRun
    List first = options.wheels ? ['gather', 'check'] : options.releases ? ['build', 'check'] : ['release']
    if (!publishes && first[0] != 'release') { first << 'plan' }
    if (options.wheels) { buildParts(options) }
    Map built = [:]
    onAgent(options, options.label, options.python) { Map here ->
        built = here
        report(options, here, !publishes || !options.publishLabel) {
            if (options.wheels) { unstashParts(options) }
            run(options, first)
            if (publishes) { built.proof = sh(label: 'digest of the proof', script: START + DIGEST, returnStdout: true).trim() }
            if (publishes && options.publishLabel) { stash name: stashed(options, 'proven'), includes: FILES }
            if (publishes && !options.publishLabel) {
                inTurn(options) {
                    publish(options, built)
                    run(options, ['verify'])
                }
            }
        }
    }
    if (publishes && options.publishLabel) { publishElsewhere(options, built) }
}

// No foreign code has run on the agent that publishes, if that label is of agents which do nothing else.
void publishElsewhere(Map options, Map built) {
    inTurn(options) {
        node(options.publishLabel) {
            withEnv(variables(options, options.python)) {
                detect()
                publish(options, built)
            }
        }
        onAgent(options, options.label, options.python) { Map here ->
            report(options, here, true) {
                unstash stashed(options, 'published')
                run(options, ['verify'])
            }
        }
    }
}

// In a new directory: what a stage with foreign code could write is used by none of its programs.
void publish(Map options, Map built) {
    boolean elsewhere = options.publishLabel
    String home = "${temporary()}/releasekit-${UUID.randomUUID()}"
    List own = [
        "HOME_OF_PUBLISH=${home}", "KIT_HOME=${home}/kit", "KIT_PYTHON=${options.kit ? home + '/kit/bin/python' : options.python}",
        "RELEASEKIT_CACHE_DIR=${home}/environments", "UV_CACHE_DIR=${home}/uv", "PIP_CACHE_DIR=${home}/pip",
        "BUILT=${elsewhere ? '' : built.top}", "WORK=${built.work}", "COMMIT=${built.commit}", built.proof,
    ].collect { it.toString() }
    withEnv(own) {
        try {
            sh label: 'new directory', script: START + 'umask 077; mkdir -p "$HOME_OF_PUBLISH/source"'
            dir("${home}/source") {
                if (elsewhere) { checkout scm }
                step('check out', FORGET + TAKE)
                dir(built.prefix ?: '.') {
                    Map here = [top: "${home}/source".toString(), prefix: built.prefix]
                    report(options, here, false) {
                        // Its own copies of the secret files: those of the other stages can be written there.
                        withSecrets(options, 'files') {
                            install()
                            if (elsewhere) { unstash stashed(options, 'proven') } else { sh label: 'take', script: START + COPY }
                            try {
                                run(options, ['publish']) // which makes the plan, too
                            } finally {
                                if (!elsewhere) { sh label: 'give back', script: START + GIVE_BACK, returnStatus: true }
                            }
                        }
                        if (elsewhere) { stash name: stashed(options, 'published'), includes: FILES }
                    }
                }
            }
        } finally {
            sh label: 'clean up', script: 'rm -rf "$HOME_OF_PUBLISH"', returnStatus: true
        }
    }
}

// The sdist on one agent, then each wheel from it on its own. Nothing is published before all are there.
void buildParts(Map options) {
    stage('sdist') {
        onAgent(options, options.label, options.python) { buildPart(options, 'build --sdist', 0) }
    }
    Map branches = [:]
    options.wheels.eachWithIndex { tag, place, index ->
        Map agent = [label: options.label, python: options.python] + (place instanceof Map ? place : [label: place])
        branches[tag] = {
            node(agent.label) {
                inWorkspace(options, agent.python, true) {
                    unstash stashed(options, 0)
                    buildPart(options, 'build --wheel-from reports/release.json', index + 1)
                }
            }
        }
    }
    stage('wheels') { parallel branches }
}

void buildPart(Map options, String session, int part) {
    runSession(options, session)
    stash name: stashed(options, part), includes: 'dist/*, reports/release.json, reports/parts/*'
}

void unstashParts(Map options) {
    for (int part = 0; part <= options.wheels.size(); part++) { unstash stashed(options, part) }
}

// Two calls in one build have stashes of their own.
String stashed(Map options, part) { "releasekit-${options.call}-${part}".toString() }

// In the node, docker agent or pod container around the step, if there is one. WORKSPACE is set there
// (workflow-durable-task-step, ExecutorStepExecution).
void onAgent(Map options, String label, String python, Closure body) {
    if (env.WORKSPACE && !label) {
        inWorkspace(options, python, false, body)
    } else {
        node(label) { inWorkspace(options, python, true, body) }
    }
}

void inWorkspace(Map options, String python, boolean ofOurs, Closure body) {
    withEnv(variables(options, python)) {
        detect()
        withSecrets(options, 'files') {
            // The caller's checkout stays as it is: its repository need not be that of the Jenkinsfile.
            String ask = START + 'git rev-parse --git-dir > /dev/null 2>&1'
            if (ofOurs || sh(label: 'is there a checkout', script: ask, returnStatus: true) != 0) { checkout scm }
            dir(options.workingDirectory) {
                try {
                    install()
                    List lines = sh(label: 'look at the checkout', script: START + LOOK, returnStdout: true).split('\n') as List
                    body([top: lines[0], prefix: lines[1], commit: lines[2], work: lines[3]])
                } finally {
                    if (options.kit && !isExact(options.kit)) { sh label: 'clean up', script: 'rm -rf "$KIT_HOME" "$KIT_HOME.lock"', returnStatus: true }
                }
            }
        }
    }
}

void detect() {
    if (!isUnix()) {
        error "E281: releasePython needs agents with Linux or macOS, and this one (${env.NODE_NAME}) has Windows; name others (label)"
    }
    step('git and Python', FORGET + DETECT)
}

void install() { withoutSecrets { step('install releasekit', FORGET + INSTALL) } }

// A script whose exit status means what that of a session means.
void step(String name, String script) { conclude(name, sh(label: name, script: START + script, returnStatus: true)) }

// Not even the shell of a session has a secret that the session must not have.
void withoutSecrets(Closure body) { withEnv(SECRETS.collect { "${it}=".toString() }) { body() } }

void run(Map options, List sessions) {
    for (session in sessions) {
        stage(session) { runSession(options, session) }
    }
}

void runSession(Map options, String session) {
    String arguments = [session, options.fresh ? '--fresh' : '', options.verbose ? '-v' : ''].findAll().join(' ')
    boolean uploads = session == 'publish'
    int status = 0
    Closure start = {
        status = sh(label: "releasekit ${arguments}", script: START + (uploads ? '' : FORGET) + RUN + arguments, returnStatus: true)
    }
    if (uploads) {
        withEnv(options.token ? ["TWINE_USERNAME=${options.username}".toString()] : []) { withSecrets(options, 'upload', start) }
    } else {
        withSecrets(options, 'reader') { withoutSecrets(start) }
    }
    conclude(session, status)
}

void conclude(String name, int status) {
    if (status == 0) { return }
    String message = "releasekit ${name}: ${WORDS[status] ?: 'ended'} (exit status ${status})"
    if (status == 130) { currentBuild.result = 'ABORTED' }
    if (status != 3) { error message }
    unstable "${message}: a re-run is safe and may help"
    try {
        throw new FlowInterruptedException(Result.UNSTABLE) // what follows in the Jenkinsfile needs the release
    } catch (SecurityException refused) { // in the sandbox of a folder's library
        error message
    }
}

void inTurn(Map options, Closure body) {
    if (!options.lock) {
        body()
        return
    }
    // A lock is for all jobs of Jenkins: by default each has its own, whatever the branch or the tag.
    String job = env.BRANCH_NAME ? "${env.JOB_NAME}".replaceAll('/[^/]*$', '') : env.JOB_NAME
    boolean entered = false
    try {
        lock(resource: options.lock == DEFAULTS.lock ? "${options.lock} ${job}".toString() : options.lock) {
            entered = true
            body()
        }
    } catch (NoSuchMethodError missing) {
        if (entered) { throw missing }
        echo "warning: two builds may publish at once, because Jenkins lacks the plugin Lockable Resources; install it, or write lock: ''"
        body()
    }
}

// What a report needs must not hide how the release ended, nor change it into a failure.
void report(Map options, Map here, boolean last, Closure body) {
    try {
        body()
    } catch (any) {
        keep(options, here)
        throw any
    }
    if (last) { keep(options, here) }
}

void keep(Map options, Map here) {
    attempt('the description') {
        String line = fileExists('reports/summary.md') ? readFile('reports/summary.md').readLines()[0] - '# ' : null
        String before = currentBuild.description
        if (line && !before?.contains(line)) { currentBuild.description = [before, line].findAll().join('; ') }
    }
    attempt('the test report (plugin JUnit)') { junit testResults: 'reports/junit.xml', allowEmptyResults: true }
    attempt('the artifacts') { archive(options, here) }
}

void attempt(String what, Closure body) {
    try {
        body()
    } catch (NoSuchMethodError missing) {
        echo "warning: ${what} is left out, because Jenkins lacks the plugin for it"
    } catch (FlowInterruptedException aborted) {
        throw aborted
    } catch (Exception failed) {
        unstable "releasekit: ${what} could not be kept: ${failed.message}"
    }
}

// Artifacts lie in the build as their files in the repository; those of a second call there, in call-2.
void archive(Map options, Map here) {
    if (archives[here.prefix] == null) { archives[here.prefix] = options.call }
    if (archives[here.prefix] == options.call) {
        String files = FILES.split(', ').collect { here.prefix + it }.join(', ')
        dir(here.top) { archiveArtifacts artifacts: files, allowEmptyArchive: true, fingerprint: true }
        return
    }
    String folder = "${temporary()}/releasekit-archive-${UUID.randomUUID()}"
    withEnv(["FOLDER=${folder}".toString(), "PLACE=${folder}/call-${options.call}/${here.prefix}".toString()]) {
        sh label: 'copy', script: START + 'mkdir -p "$PLACE"; for name in dist reports; do [ ! -d $name ] || cp -R -P $name "$PLACE"; done'
        dir(folder) { archiveArtifacts artifacts: '**', allowEmptyArchive: true, fingerprint: true }
        sh label: 'clean up', script: 'rm -rf "$FOLDER"', returnStatus: true
    }
}

// Old versions of Jenkins' plugins do not set WORKSPACE_TMP.
String temporary() { env.WORKSPACE_TMP ?: "${env.WORKSPACE}@tmp" }

void withSecrets(Map options, String kind, Closure body) {
    boolean entered = false
    try {
        List wanted = kind == 'files' ? files(options) : kind == 'reader' ? reading(options) : uploading(options)
        if (wanted) {
            withCredentials(wanted) {
                entered = true
                body()
            }
            return
        }
    } catch (NoSuchMethodError missing) {
        if (entered) { throw missing }
        error 'E280: Jenkins lacks the plugin Credentials Binding, which credentials, files and tokens need; install it'
    }
    body()
}

List files(Map options) {
    Map variables = [caBundle: 'RELEASEKIT_CA_BUNDLE', clientCert: 'RELEASEKIT_CLIENT_CERT', netrc: 'NETRC']
    List found = []
    for (entry in variables) {
        if (options[entry.key]) { found << file(credentialsId: options[entry.key], variable: entry.value) }
    }
    return found
}

List reading(Map options) {
    return options.readerCredentials ? [usernamePassword(credentialsId: options.readerCredentials,
        usernameVariable: 'RELEASEKIT_READER_USERNAME', passwordVariable: 'RELEASEKIT_READER_PASSWORD')] : []
}

List uploading(Map options) {
    if (options.credentials) {
        return [usernamePassword(credentialsId: options.credentials,
            usernameVariable: 'TWINE_USERNAME', passwordVariable: 'TWINE_PASSWORD')]
    }
    return options.token ? [string(credentialsId: options.token, variable: 'TWINE_PASSWORD')] : []
}

// A version is installed once per workspace; a path or a range, which may name other files later, once per build.
boolean isExact(String kit) { return kit ==~ /\d[\w.+!]*/ }

List variables(Map options, String python) {
    String kit = options.kit ==~ /\d.*/ ? "releasekit==${options.kit}" : options.kit
    String which = isExact(options.kit) ? options.kit : UUID.randomUUID()
    String home = "${temporary()}/releasekit-${which}-${python.replaceAll(/\W+/, '-')}"
    Map set = [
        RELEASEKIT_URL: options.releases ? options.url : 'sandbox',
        RELEASEKIT_HOSTED: options.hosted,
        RELEASEKIT_GROUP: options.group,
        RELEASEKIT_SNAPSHOTS: options.snapshots,
        RELEASEKIT_WHEELS: options.wheels.keySet().join(' '),
    ].findAll { it.value }
    // A tag or a digest that Jenkins or a folder has for all builds is none of this one.
    set += [RELEASEKIT_TAG: options.tag, RELEASEKIT_PROOF_SHA256: '', RELEASEKIT_TEMPLATE: DEFAULTS.kit]
    set += [PYTHON: python, KIT: kit, KIT_INDEX: options.kitIndex]
    set += [KIT_HOME: home, KIT_PYTHON: kit ? "${home}/bin/python" : python]
    return set.collect { name, value -> "${name}=${value}".toString() }
}

Map read(Map parameters) {
    String problem = findProblem(parameters, DEFAULTS)
    if (problem) { error "E282: releasePython: ${problem}" }
    return DEFAULTS + [tag: env.TAG_NAME ?: ''] + parameters.findAll { it.value != null }
}

@NonCPS
static String findProblem(Map parameters, Map defaults) {
    for (entry in parameters) {
        String name = entry.key
        if (!defaults.containsKey(name)) { return "there is no parameter ${name}; ${suggest(name, new ArrayList(defaults.keySet()))}" }
        Map kinds = [(CharSequence): 'text', (Map): 'a map', (Boolean): 'true or false']
        Class kind = kinds.keySet().find { it.isInstance(defaults[name]) }
        if (entry.value != null && !kind.isInstance(entry.value)) {
            return "${name} is ${entry.value}, and has to be ${kinds[kind]}"
        }
    }
    if (parameters.kitIndex?.toString()?.contains('@')) { return 'kitIndex holds a login; netrc names the secret file for that' }
    if (parameters.credentials && parameters.token) { return 'credentials and token are both there, and only one can upload; leave one out' }
    if (parameters.username && !parameters.token) { return 'username goes with token, which is not there; credentials have a user name of their own' }
    if (parameters.readerCredentials && parameters.readerCredentials == parameters.credentials) {
        return 'readerCredentials are those that may upload, and stages with foreign code would get them; name those of a user who may only read'
    }
    if (parameters.workingDirectory =~ '^/|(^|/)[.][.](/|$)|[,*?]') {
        return "workingDirectory is ${parameters.workingDirectory}, and has to be a directory of the repository, without commas and wildcards"
    }
    Map places = parameters.wheels ?: [:]
    for (entry in places) {
        String problem = findProblemOfWheel(entry.key, entry.value)
        if (problem) { return problem }
    }
    return null
}

@NonCPS
static String findProblemOfWheel(tag, place) {
    if (place instanceof CharSequence) { return null }
    if (!(place instanceof Map)) { return "wheels has ${place} for ${tag}, and has to have a label, or a map with label and python" }
    for (entry in place) {
        if (!['label', 'python'].contains(entry.key)) {
            return "wheels has no ${entry.key} for ${tag}; ${suggest(entry.key.toString(), ['label', 'python'])}"
        }
        if (!(entry.value instanceof CharSequence)) { return "wheels has the ${entry.key} ${entry.value} for ${tag}, and it has to be text" }
    }
    return null
}

@NonCPS
static String suggest(String name, ArrayList known) {
    String close = null
    int least = name.length() / 2 + 1
    for (other in known) {
        int far = distance(name.toLowerCase(), other.toLowerCase())
        if (far < least) {
            least = far
            close = other
        }
    }
    return close ? "did you mean ${close}?" : "there are ${known.join(', ')}"
}

// How many letters differ (Levenshtein). Groovy's own method is one that Jenkins' sandbox refuses.
@NonCPS
static int distance(String one, String other) {
    List before = []
    for (int j = 0; j <= other.length(); j++) { before << j }
    for (int i = 1; i <= one.length(); i++) {
        List row = [i]
        for (int j = 1; j <= other.length(); j++) {
            int changed = before[j - 1] + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1)
            row << Math.min(changed, Math.min(before[j], row[j - 1]) + 1)
        }
        before = row
    }
    return before[-1]
}
