// Releases a Python package: each stage runs one session of releasekit. Help: releasePython.txt
import com.cloudbees.groovy.cps.NonCPS
import groovy.transform.Field
import hudson.model.Result
import org.codehaus.groovy.runtime.MethodRankHelper
import org.jenkinsci.plugins.workflow.steps.FlowInterruptedException

@Field final Map DEFAULTS = [
    url: '',
    hosted: '',
    group: '',
    snapshots: '',
    credentials: '',
    token: '',
    username: '__token__',
    netrc: '',
    caBundle: '',
    tag: '',
    wheels: [:],
    workingDirectory: '.',
    dryRun: false,
    fresh: false,
    verbose: false,
    lock: '',
    label: '',
    python: 'python3',
    kit: '0.1.0',
    kitIndex: '',
]

// What the exit statuses of a session mean; 3 is nobody's mistake: the same build may succeed later.
@Field final Map WORDS = [1: 'refused', 2: 'usage', 3: 'failed', 130: 'interrupted']

// The sessions that may upload, or have to log in to read: they run the kit's noxfile, never the project's.
@Field final List WITH_LOGIN = ['plan', 'publish', 'verify']

// What the agent, a folder or Jenkins itself may have in the environment: no other session gets it.
@Field final List SECRETS = [
    'TWINE_USERNAME', 'TWINE_PASSWORD', 'RELEASEKIT_ADMIN_USERNAME', 'RELEASEKIT_ADMIN_PASSWORD',
    'RELEASEKIT_PUBLISHER_PASSWORD', 'RELEASEKIT_PROXY_PASSWORD',
]

@Field final String START = '''#!/bin/sh -eu
unset_all() { # all variables whose names begin so
    for name in $(env | sed -nE "s/^(($1)[A-Za-z0-9_]*)=.*/\\1/p"); do unset "$name"; done
}
unset_all 'NOX|RELEASEKIT_ADMIN_|RELEASEKIT_PUBLISHER_|RELEASEKIT_PROXY_PASSWORD'
[ -n "${RELEASEKIT_TAG:-}" ] || unset RELEASEKIT_TAG
'''

@Field final String FORGET = 'unset_all TWINE_\n'

// -I: Python imports nothing from the project's directory or PYTHONPATH, here and below.
@Field final String INSTALL = '''
git clean -ffdxq -- dist reports # what an earlier build left, and nothing that git tracks
tracked=$(git ls-files -- dist reports)
[ -z "$tracked" ] || printf 'note: these files stay where releasekit writes, because git tracks them:\\n%s\\n' "$tracked"
[ -n "$KIT" ] || exit 0
mkdir -p "${KIT_HOME%/*}"
exec 9> "$KIT_HOME.lock" # the first of two builds installs it, and the other one waits
"$PYTHON" -I -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)' || echo 'note: no locks here: two builds at once may fail'
whole() { # it was finished, its Python runs, and no file was removed since
    [ -f "$KIT_HOME/finished" ] && "$KIT_HOME/bin/python" -I -c 'import nox, releasekit.cli
from importlib.metadata import distributions
files = (file for dist in distributions() for file in dist.files or ())
raise SystemExit(any(not file.locate().exists() for file in files))' > /dev/null 2>&1
}
! whole || exit 0
rm -rf "$KIT_HOME"
"$PYTHON" -I -m venv "$KIT_HOME"
unset PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT PIP_PYTHON
if [ -n "$KIT_INDEX" ]; then
    export PIP_INDEX_URL="$KIT_INDEX"
    ca=${RELEASEKIT_CA_BUNDLE:-}
    [ ! -f "$ca" ] || export PIP_CERT="$ca" REQUESTS_CA_BUNDLE="$ca" # which beats PIP_CERT
fi
"$KIT_PYTHON" -I -m pip install -q --no-compile --no-input --disable-pip-version-check -- "$KIT" || {
    echo "error: pip cannot install $KIT from ${KIT_INDEX:-the index that it knows}" >&2
    echo "  next:  where that wants a login, it is read from the secret file that netrc names" >&2
    exit 1
}
touch "$KIT_HOME/finished"
'''

@Field final String RUN = '''
releasekit() {
    session=$1
    shift
    noxfile=$("$KIT_PYTHON" -I -c 'import releasekit; print(releasekit.__path__[0])')/noxfile.py || exit 2
    case $session in
        plan | publish) ;;
        verify) [ -z "${RELEASEKIT_READER_PASSWORD:-}" ] || unset_all TWINE_ ;;
        *) ! grep -qs releasekit.sessions noxfile.py || noxfile=$PWD/noxfile.py ;;
    esac
    exec "$KIT_PYTHON" -I -m nox -f "$noxfile" -s "$session" -- -C "$PWD" "$@"
}
releasekit '''

def call(Map given = [:]) {
    Map options = read(given)
    options.releases = options.tag || (options.snapshots && env.BRANCH_IS_PRIMARY == 'true')
    List last = options.releases && !options.dryRun ? ['plan', 'publish', 'verify'] : ['plan']
    if (options.wheels) {
        buildParts(options)
        perform(options, ['gather', 'check'], last)
    } else if (options.releases) {
        perform(options, ['build', 'check'], last)
    } else {
        perform(options, ['release'], [])
    }
}

void perform(Map options, List first, List last) {
    onAgent(options, [label: options.label, python: options.python]) {
        try {
            if (options.wheels) { unstashParts(options.wheels.size()) }
            run(options, first)
            inTurn(options) { run(options, last) }
        } finally {
            report()
        }
    }
}

// The sdist on one agent, then each wheel from it on its own. Nothing is published before all are there.
void buildParts(Map options) {
    Map agent = [label: options.label, python: options.python]
    stage('sdist') {
        onAgent(options, agent) { buildPart(options, 'build --sdist', 0) }
    }
    Map branches = [:]
    options.wheels.eachWithIndex { tag, place, index ->
        branches[tag] = {
            onAgent(options, agent + (place instanceof Map ? place : [label: place])) {
                unstash 'releasekit-0'
                buildPart(options, 'build --wheel-from dist/*.tar.gz', index + 1)
            }
        }
    }
    stage('wheels') { parallel branches }
}

void buildPart(Map options, String session, int part) {
    runSession(options, session)
    stash name: "releasekit-${part}", includes: 'dist/*, reports/release.json, reports/parts/*'
}

void unstashParts(int wheels) {
    for (int part = 0; part <= wheels; part++) { unstash "releasekit-${part}" }
}

void onAgent(Map options, Map agent, Closure body) {
    node(agent.label) {
        checkout scm
        withEnv(variables(options, agent.python)) {
            withCredentials(reading(options)) {
                dir(options.workingDirectory) {
                    try {
                        withoutSecrets { sh label: 'install releasekit', script: START + FORGET + INSTALL }
                        body()
                    } finally {
                        if (options.kit && !isExact(options.kit)) { sh label: 'clean up', script: 'rm -rf "$KIT_HOME" "$KIT_HOME.lock"' }
                    }
                }
            }
        }
    }
}

// Not even the shell of a session has a secret that the session must not have.
void withoutSecrets(Closure body) { withEnv(SECRETS.collect { "${it}=".toString() }) { body() } }

void withLogin(Map options, Closure body) {
    withEnv(options.token ? ["TWINE_USERNAME=${options.username}".toString()] : []) {
        withCredentials(uploading(options)) { body() }
    }
}

void run(Map options, List sessions) {
    for (session in sessions) {
        stage(session) { runSession(options, session) }
    }
}

void runSession(Map options, String session) {
    String given = [session, options.fresh ? '--fresh' : '', options.verbose ? '-v' : ''].findAll().join(' ')
    boolean hasLogin = options.releases && WITH_LOGIN.contains(session)
    int status = 0
    Closure start = {
        status = sh(label: "releasekit ${given}", script: START + (hasLogin ? '' : FORGET) + RUN + given, returnStatus: true)
    }
    if (hasLogin) { withLogin(options, start) } else { withoutSecrets(start) }
    if (status == 0) { return }
    String message = "releasekit ${session}: ${WORDS[status] ?: 'ended'} (exit status ${status})"
    if (status == 130) { currentBuild.result = 'ABORTED' }
    if (status != 3) { error message }
    unstable "${message}: a re-run is safe and may help"
    throw new FlowInterruptedException(Result.UNSTABLE) // what follows in the Jenkinsfile needs the release
}

void inTurn(Map options, Closure body) {
    if (options.lock) { lock(resource: options.lock) { body() } } else { body() }
}

void report() {
    if (fileExists('reports/summary.md')) {
        currentBuild.description = readFile('reports/summary.md').readLines()[0] - '# '
    }
    junit testResults: 'reports/junit.xml', allowEmptyResults: true
    archiveArtifacts artifacts: 'dist/*, reports/**', allowEmptyArchive: true, fingerprint: true
}

List reading(Map options) {
    List found = []
    if (options.caBundle) { found << file(credentialsId: options.caBundle, variable: 'RELEASEKIT_CA_BUNDLE') }
    if (options.netrc) { found << file(credentialsId: options.netrc, variable: 'NETRC') }
    return found
}

List uploading(Map options) {
    if (options.credentials) {
        return [usernamePassword(credentialsId: options.credentials,
            usernameVariable: 'TWINE_USERNAME', passwordVariable: 'TWINE_PASSWORD')]
    }
    return options.token ? [string(credentialsId: options.token, variable: 'TWINE_PASSWORD')] : []
}

// A version is installed once for a workspace; a path or a range, which may come to something else, for a build.
boolean isExact(String kit) { return kit ==~ /\d[\w.+!]*/ }

List variables(Map options, String python) {
    String kit = options.kit ==~ /\d.*/ ? "releasekit==${options.kit}" : options.kit
    String which = isExact(options.kit) ? options.kit : UUID.randomUUID()
    String home = "${env.WORKSPACE_TMP}/releasekit-${which}-${python.replaceAll(/\W+/, '-')}"
    Map set = [
        RELEASEKIT_URL: options.releases ? options.url : 'sandbox',
        RELEASEKIT_HOSTED: options.hosted,
        RELEASEKIT_GROUP: options.group,
        RELEASEKIT_SNAPSHOTS: options.snapshots,
        RELEASEKIT_WHEELS: options.wheels.keySet().join(' '),
    ].findAll { it.value }
    // A tag that Jenkins or a folder has for all builds is none of this one.
    set += [RELEASEKIT_TAG: options.tag, PYTHON: python, KIT: kit, KIT_INDEX: options.kitIndex]
    set += [KIT_HOME: home, KIT_PYTHON: kit ? "${home}/bin/python" : python]
    return set.collect { name, value -> "${name}=${value}".toString() }
}

Map read(Map given) {
    String problem = findProblem(given, DEFAULTS)
    if (problem) { error "releasePython: ${problem}" }
    return DEFAULTS + [tag: env.TAG_NAME ?: ''] + given.findAll { it.value != null }
}

@NonCPS
static String findProblem(Map given, Map defaults) {
    for (entry in given) {
        String name = entry.key
        if (!defaults.containsKey(name)) { return "there is no parameter ${name}; ${suggest(name, defaults.keySet())}" }
        if (name == 'kitIndex' && entry.value?.toString()?.contains('@')) {
            return 'kitIndex holds a login; netrc names the secret file for that'
        }
        Map kinds = [(CharSequence): 'text', (Map): 'a map', (Boolean): 'true or false']
        Class kind = kinds.keySet().find { it.isInstance(defaults[name]) }
        if (entry.value != null && !kind.isInstance(entry.value)) {
            return "${name} is ${entry.value}, and has to be ${kinds[kind]}"
        }
    }
    return null
}

@NonCPS
static String suggest(String name, Set known) {
    // Groovy counts ten for a letter, and five for a capital.
    Map far = known.collectEntries { [it, MethodRankHelper.damerauLevenshteinDistance(name as Character[], it as Character[])] }
    String close = far.min { it.value }.key
    return far[close] > name.size() * 5 ? "there are ${known.join(', ')}" : "did you mean ${close}?"
}
