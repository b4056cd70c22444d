package harness

import hudson.AbortException

/** `sh`: a real shell with the agent's environment and that of the blocks, and nothing else. */
class Shell {
    static Object run(Build build, Context context, Map arguments) {
        File script = new File("${context.workspace}@tmp/durable-${UUID.randomUUID()}", 'script.sh')
        script.parentFile.mkdirs()
        script.setText(arguments.script as String, 'UTF-8')
        script.executable = true
        // Without a line that names an interpreter Jenkins takes sh, and shows each command.
        List<String> command = arguments.script.startsWith('#!') ? [script.path] : ['/bin/sh', '-xe', script.path]
        StringBuilder kept = new StringBuilder()
        File errors = arguments.returnStdout ? new File(script.parentFile, 'errors') : null
        int status = start(build, context, command, errors) { String line ->
            arguments.returnStdout ? kept.append(line).append('\n') : build.log.line(line, context.masks)
        }
        errors?.eachLine('UTF-8') { String line -> build.log.line(line, context.masks) }
        script.parentFile.deleteDir()
        if (arguments.returnStatus) { return status }
        if (status) { throw new AbortException("script returned exit code ${status}") }
        return arguments.returnStdout ? kept.toString() : null
    }

    /** Errors go where the output goes, unless the output is a value. */
    static int start(Build build, Context context, List<String> command, File errors = null, Closure take) {
        ProcessBuilder builder = new ProcessBuilder(command).directory(new File(context.directory))
        errors ? builder.redirectError(errors) : builder.redirectErrorStream(true)
        builder.environment().clear()
        builder.environment().putAll(build.environ(context).collectEntries { k, v -> [k as String, v as String] })
        Process process = builder.start()
        process.outputStream.close()
        process.inputStream.eachLine('UTF-8', take)
        return process.waitFor()
    }
}
