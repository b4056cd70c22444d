package harness

/** `withCredentials` over the store of the job: kinds are checked, files written and deleted. */
class Credentials {
    static Step binding(String kind, List<String> names) {
        new Step(page: 'credentials-binding', names: names, immediate: true,
            run: { Build build, Context context, Map arguments -> new LinkedHashMap([kind: kind] + arguments) })
    }

    static void bind(Build build, Green green, StepCall call) {
        Context inside = green.context.clone()
        call.arguments.bindings.each { Map wanted ->
            Map found = build.job.credentials[wanted.credentialsId]
            if (found == null) {
                throw new hudson.AbortException("Could not find credentials entry with ID '${wanted.credentialsId}'")
            }
            if (found.kind != wanted.kind) {
                throw new hudson.AbortException("Credentials '${wanted.credentialsId}' is of type '${found.kind}' where '${wanted.kind}' was expected")
            }
            // credentials-binding, BindingStep: a file needs a workspace to lie in.
            if (found.kind == 'file' && green.context.workspace == null) {
                throw new hudson.AbortException('Required context class hudson.FilePath is missing\n' +
                    'Perhaps you forgot to surround the withCredentials step with a step that provides this, such as: node')
            }
            inside.env = inside.env + variables(green, wanted, found)
            inside.masks = inside.masks + [found.password ?: found.secret].findAll()
        }
        build.body(green, call.body, inside)
    }

    static void unbind(Build build, Green green) { green.held.each { String path -> new File(path).delete() } }

    private static Map<String, String> variables(Green green, Map wanted, Map found) {
        if (found.kind == 'usernamePassword') {
            return [(wanted.usernameVariable): found.username, (wanted.passwordVariable): found.password]
        }
        if (found.kind == 'string') { return [(wanted.variable): found.secret] }
        File secret = new File("${green.context.workspace}@tmp/secretFiles/${UUID.randomUUID()}", 'file')
        secret.parentFile.mkdirs()
        secret.setText(found.content, 'UTF-8')
        green.held = green.held + [secret.path]
        return [(wanted.variable): secret.path]
    }
}
