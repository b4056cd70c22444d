package harness

import hudson.AbortException
import org.apache.tools.ant.DirectoryScanner

/** Steps that move files: between agents, to the controller, from git. */
class Files {
    /** What the git plugin does for a branch source: one ref, no tags but the one that is built. */
    static void checkout(Build build, Context context, Map arguments) {
        Map scm = (Map) arguments.scm
        [['git', 'init', '-q'],
         ['git', 'fetch', '-q', '--no-tags', '--force', scm.url, "+${scm.ref}:${scm.ref.replace('refs/heads/', 'refs/remotes/origin/')}"],
         ['git', 'checkout', '-q', '-f', '--detach', 'FETCH_HEAD']].each { List command ->
            int status = Shell.start(build, context, command*.toString()) { String line -> build.log.line(line) }
            if (status) { throw new AbortException("git ended with ${status}: ${command.join(' ')}") }
        }
    }

    static void stash(Build build, Context context, Map arguments) {
        List<String> found = find(context, arguments.includes ?: '**')
        if (!found && !arguments.allowEmpty) { throw new AbortException("No files included in stash '${arguments.name}'") }
        File kept = new File("${build.job.home}/stashes/${arguments.name}")
        kept.deleteDir()
        kept.mkdirs()
        copy(found, new File(context.directory), kept)
    }

    static void unstash(Build build, Context context, Map arguments) {
        File kept = new File("${build.job.home}/stashes/${arguments.name}")
        if (!kept.exists()) { throw new AbortException("No such saved stash '${arguments.name}'") }
        copy(scan(kept, '**'), kept, new File(context.directory))
    }

    static void archive(Build build, Context context, Map arguments) {
        List<String> found = find(context, arguments.artifacts as String)
        if (!found && !arguments.allowEmptyArchive) {
            throw new AbortException("No artifacts found that match the file pattern \"${arguments.artifacts}\". Configuration error?")
        }
        copy(found, new File(context.directory), new File(build.job.archive as String))
    }

    static void junit(Build build, Context context, Map arguments) {
        List<String> found = find(context, arguments.testResults as String)
        if (!found && !arguments.allowEmptyResults) { throw new AbortException('No test report files were found. Configuration error?') }
        List<Map> cases = found.collectMany { String name ->
            new XmlSlurper().parse(context.file(name)).depthFirst().findAll { it.name() == 'testcase' }
                .collect { [name: it.@name.text(), failure: it.failure.@message.text()] }
        }
        build.tests.addAll(cases)
        if (cases.any { Map test -> test.failure }) { build.state.currentBuild.result = 'UNSTABLE' }
    }

    static List<String> find(Context context, String patterns) { scan(new File(context.directory), patterns) }

    /** Jenkins' patterns are Ant's, with commas between them. */
    static List<String> scan(File folder, String patterns) {
        if (!folder.exists()) { return [] }
        DirectoryScanner scanner = new DirectoryScanner(basedir: folder, includes: patterns.split(/\s*,\s*/))
        scanner.addDefaultExcludes()
        scanner.scan()
        return scanner.includedFiles.sort() as List<String>
    }

    static void copy(List<String> names, File from, File to) {
        names.each { String name ->
            File target = new File(to, name)
            target.parentFile.mkdirs()
            java.nio.file.Files.copy(new File(from, name).toPath(), target.toPath(),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING, java.nio.file.StandardCopyOption.COPY_ATTRIBUTES)
        }
    }
}
