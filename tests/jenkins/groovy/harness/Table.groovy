package harness

import hudson.AbortException

/** The steps that releasePython and its users' pipelines call, and no others. */
class Table {
    static final Map<String, Step> STEPS = [
        node: new Step(page: 'workflow-durable-task-step', first: 'label', names: ['label'], block: true,
            enter: Blocks.&node, after: Blocks.&release),
        stage: new Step(page: 'pipeline-stage-step', first: 'name', names: ['name'], block: true, enter: Blocks.&stage),
        parallel: new Step(page: 'workflow-cps', names: [], block: true, enter: Blocks.&parallel),
        dir: new Step(page: 'workflow-basic-steps', first: 'path', names: ['path'], block: true, node: true, enter: Blocks.&dir),
        withEnv: new Step(page: 'workflow-basic-steps', first: 'overrides', names: ['overrides'], block: true, enter: Blocks.&withEnv),
        withCredentials: new Step(page: 'credentials-binding', first: 'bindings', names: ['bindings'], block: true,
            enter: Credentials.&bind, after: Credentials.&unbind),
        lock: new Step(page: 'lockable-resources', first: 'resource', names: ['resource', 'label', 'quantity'], block: true,
            enter: Blocks.&lock, after: Blocks.&release),
        checkout: new Step(page: 'workflow-scm-step', first: 'scm', names: ['scm'], node: true, run: Files.&checkout),
        sh: new Step(page: 'workflow-durable-task-step', first: 'script', node: true, run: Shell.&run,
            names: ['script', 'label', 'returnStatus', 'returnStdout', 'encoding']),
        stash: new Step(page: 'workflow-basic-steps', first: 'name', node: true, run: Files.&stash,
            names: ['name', 'includes', 'excludes', 'allowEmpty', 'useDefaultExcludes']),
        unstash: new Step(page: 'workflow-basic-steps', first: 'name', names: ['name'], node: true, run: Files.&unstash),
        archiveArtifacts: new Step(page: 'core', first: 'artifacts', node: true, run: Files.&archive,
            names: ['artifacts', 'allowEmptyArchive', 'excludes', 'fingerprint', 'onlyIfSuccessful']),
        junit: new Step(page: 'junit', first: 'testResults', node: true, run: Files.&junit,
            names: ['testResults', 'allowEmptyResults', 'keepLongStdio', 'skipPublishingChecks', 'skipMarkingBuildUnstable']),
        fileExists: new Step(page: 'workflow-basic-steps', first: 'file', names: ['file'], node: true,
            run: { Build build, Context context, Map arguments -> context.file(arguments.file).exists() }),
        readFile: new Step(page: 'workflow-basic-steps', first: 'file', names: ['file', 'encoding'], node: true,
            run: { Build build, Context context, Map arguments -> context.file(arguments.file).getText(arguments.encoding ?: 'UTF-8') }),
        isUnix: new Step(page: 'workflow-basic-steps', names: [], immediate: true, node: true,
            run: { Build build, Context context, Map arguments -> !context.agent.startsWith('windows') }),
        echo: new Step(page: 'workflow-basic-steps', first: 'message', names: ['message'], immediate: true,
            run: { Build build, Context context, Map arguments -> build.log.line(arguments.message as String, context.masks) }),
        error: new Step(page: 'workflow-basic-steps', first: 'message', names: ['message'], immediate: true,
            run: { Build build, Context context, Map arguments -> throw new AbortException(arguments.message as String) }),
        unstable: new Step(page: 'workflow-basic-steps', first: 'message', names: ['message'], immediate: true,
            run: { Build build, Context context, Map arguments ->
                build.log.line("WARNING: ${arguments.message}", context.masks)
                build.state.currentBuild.result = 'UNSTABLE'
                null
            }),
        usernamePassword: Credentials.binding('usernamePassword', ['credentialsId', 'usernameVariable', 'passwordVariable']),
        string: Credentials.binding('string', ['credentialsId', 'variable']),
        file: Credentials.binding('file', ['credentialsId', 'variable'])
    ]
}
