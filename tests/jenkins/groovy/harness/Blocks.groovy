package harness

import hudson.AbortException

/** Steps with a body. */
class Blocks {
    static void node(Build build, Green green, StepCall call) {
        String label = call.arguments.label ?: ''
        if (!build.job.agents.containsKey(label)) {
            throw new AbortException("There are no nodes with the label '${label}'")
        }
        File home = new File(build.job.home as String, "${label ?: 'any'}/workspace")
        // A second build of the job on the same agent gets a directory of its own, named so.
        String workspace = (1..99).collect { int n -> new File(home, n == 1 ? 'job' : "job@$n").path }
            .find { String path -> build.state.held.add(path) }
        new File(workspace).mkdirs()
        new File("${workspace}@tmp").mkdirs()
        Context inside = green.context.clone()
        inside.agent = label
        inside.workspace = inside.directory = workspace
        inside.env = inside.env + [WORKSPACE: workspace, WORKSPACE_TMP: "${workspace}@tmp".toString(), NODE_NAME: label ?: 'any']
        green.held = [workspace]
        build.log.line("Running on ${label ?: 'any'} in ${workspace}")
        build.body(green, call.body, inside)
    }

    /** Within one build, a resource is free once its block has ended. */
    static void lock(Build build, Green green, StepCall call) {
        String name = "lock ${call.arguments.resource}"
        if (!build.state.held.add(name)) { throw new AbortException("${name} is held by this build: it would wait for ever") }
        green.held = [name]
        build.body(green, call.body, green.context)
    }

    static void release(Build build, Green green) { build.state.held.removeAll(green.held) }

    static void stage(Build build, Green green, StepCall call) {
        Context inside = green.context.clone()
        inside.stages = inside.stages + [call.arguments.name as String]
        build.log.line("[Pipeline] stage (${call.arguments.name})")
        build.body(green, call.body, inside)
    }

    static void parallel(Build build, Green green, StepCall call) {
        call.arguments.each { String name, Object body ->
            Context inside = green.context.clone()
            inside.stages = inside.stages + [name]
            build.body(green, (Closure) body, inside, name)
        }
    }

    static void dir(Build build, Green green, StepCall call) {
        Context inside = green.context.clone()
        inside.directory = green.context.file(call.arguments.path as String).path
        new File(inside.directory).mkdirs()
        build.body(green, call.body, inside)
    }

    static void withEnv(Build build, Green green, StepCall call) {
        Context inside = green.context.clone()
        inside.env = inside.env + call.arguments.overrides.collectEntries { String text ->
            int at = text.indexOf('=')
            [text.substring(0, at), text.substring(at + 1)]
        }
        build.body(green, call.body, inside)
    }
}
