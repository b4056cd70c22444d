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

@Field final String INSTALL = '''#!/bin/sh -eu
rm -rf dist reports
[ -n "$KIT" ] || exit 0
if [ -n "$KIT_INDEX" ]; then
    export PIP_INDEX_URL="$KIT_INDEX"
    ca=${RELEASEKIT_CA_BUNDLE:-}
    [ ! -f "$ca" ] || export PIP_CERT="$ca" REQUESTS_CA_BUNDLE="$ca" # which beats PIP_CERT
fi
[ -x "$KIT_PYTHON" ] || "$PYTHON" -m venv --clear "${KIT_PYTHON%/bin/python}"
"$KIT_PYTHON" -m pip install -q --no-compile --no-input --disable-pip-version-check "$KIT" || {
    echo "error: pip cannot install $KIT from ${KIT_INDEX:-the index that it knows}" >&2
    echo "  next:  where that wants a login, it is read from the secret file that netrc names" >&2
    exit 1
}
'''

@Field final String RUN = '''#!/bin/sh -eu
releasekit() {
    session=$1
    shift
    if grep -qs releasekit.sessions noxfile.py; then
        exec "$KIT_PYTHON" -m nox -s "$session" -- "$@"
    fi
    exec "$KIT_PYTHON" -m releasekit "$session" "$@"
}
releasekit '''

def call(Map given = [:]) {
    Map options = read(given)
    boolean releases = options.tag || (options.snapshots && env.BRANCH_IS_PRIMARY == 'true')
    List last = releases && !options.dryRun ? ['plan', 'publish', 'verify'] : ['plan']
    if (options.wheels) {
        buildParts(options, releases)
        perform(options, releases, ['gather', 'check'], last)
    } else if (releases) {
        perform(options, releases, ['build', 'check'], last)
    } else {
        perform(options, releases, ['release'], [])
    }
}

void perform(Map options, boolean releases, List first, List last) {
    onAgent(options, releases, [label: options.label, python: options.python]) {
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
void buildParts(Map options, boolean releases) {
    Map agent = [label: options.label, python: options.python]
    stage('sdist') {
        onAgent(options, releases, agent) { buildPart(options, 'build --sdist', 0) }
    }
    Map branches = [:]
    options.wheels.eachWithIndex { tag, place, index ->
        branches[tag] = {
            onAgent(options, releases, agent + (place instanceof Map ? place : [label: place])) {
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

void onAgent(Map options, boolean releases, Map agent, Closure body) {
    node(agent.label) {
        checkout scm
        withEnv(variables(options, releases, agent.python)) {
            withCredentials(bindings(options, releases)) {
                dir(options.workingDirectory) {
                    sh label: 'install releasekit', script: INSTALL
                    body()
                }
            }
        }
    }
}

void run(Map options, List sessions) {
    for (session in sessions) {
        stage(session) { runSession(options, session) }
    }
}

void runSession(Map options, String session) {
    String given = [session, options.fresh ? '--fresh' : '', options.verbose ? '-v' : ''].findAll().join(' ')
    int status = sh(label: "releasekit ${given}", script: RUN + given, returnStatus: true)
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

List bindings(Map options, boolean releases) {
    List found = []
    if (options.caBundle) { found << file(credentialsId: options.caBundle, variable: 'RELEASEKIT_CA_BUNDLE') }
    if (options.netrc) { found << file(credentialsId: options.netrc, variable: 'NETRC') }
    if (releases && options.credentials) {
        found << usernamePassword(credentialsId: options.credentials,
            usernameVariable: 'TWINE_USERNAME', passwordVariable: 'TWINE_PASSWORD')
    } else if (releases && options.token) {
        found << string(credentialsId: options.token, variable: 'TWINE_PASSWORD')
    }
    return found
}

List variables(Map options, boolean releases, String python) {
    String kit = options.kit ==~ /\d.*/ ? "releasekit==${options.kit}" : options.kit
    String home = "${env.WORKSPACE_TMP}/releasekit-${python.replaceAll(/\W+/, '-')}"
    Map set = [
        RELEASEKIT_URL: releases ? options.url : 'sandbox',
        RELEASEKIT_HOSTED: options.hosted,
        RELEASEKIT_GROUP: options.group,
        RELEASEKIT_SNAPSHOTS: options.snapshots,
        RELEASEKIT_TAG: options.tag,
        RELEASEKIT_WHEELS: options.wheels.keySet().join(' '),
        TWINE_USERNAME: releases && options.token ? options.username : '',
    ].findAll { it.value }
    set += [PYTHON: python, KIT: kit, KIT_INDEX: options.kitIndex, KIT_PYTHON: kit ? "${home}/bin/python" : python]
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
