import harness.Sections

// Declarative pipelines: the structure is read first, then run with the ordinary steps.
// https://www.jenkins.io/doc/book/pipeline/syntax/

def call(Closure body) {
    Sections declared = read('Pipeline', body)
    if (declared.get('agent') == null) { error 'Missing required section "agent"' }
    finish(declared.get('post')) {
        onAgent(declared.get('agent')) {
            for (stage in read('Stages', declared.get('stages')).found) { run(stage[1], read('StageDecl', stage[2])) }
        }
    }
}

void run(String name, Sections declared) {
    stage(name) {
        finish(declared.get('post')) {
            onAgent(declared.get('agent')) { perform(declared.get('steps')) }
        }
    }
}

Sections read(String kind, Closure body) {
    Sections declared = new Sections(kind)
    body.delegate = declared
    body.resolveStrategy = Closure.DELEGATE_ONLY
    body()
    return declared
}

void onAgent(agent, Closure body) {
    if (agent == null || agent == 'none') {
        body()
    } else {
        String label = agent == 'any' ? '' : read('Agent', agent).get('label')
        node(label) {
            checkout scm
            body()
        }
    }
}

void finish(Closure post, Closure body) {
    try {
        body()
    } catch (org.jenkinsci.plugins.workflow.steps.FlowInterruptedException interrupted) {
        currentBuild.result = interrupted.result.name()
        throw interrupted
    } catch (Exception failed) {
        currentBuild.result = 'FAILURE'
        throw failed
    } finally {
        if (post != null) {
            Sections declared = read('Post', post)
            for (entry in declared.found) {
                if (entry[0] == 'always' || entry[0].toUpperCase() == currentBuild.currentResult) { perform(entry[1]) }
            }
        }
    }
}

/** Steps run as in a scripted pipeline: their names lead to the script again. */
void perform(Closure steps) {
    steps.delegate = steps.thisObject
    steps.resolveStrategy = Closure.DELEGATE_FIRST
    steps()
}
