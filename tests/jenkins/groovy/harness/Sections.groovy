package harness

import groovy.transform.CompileStatic

/** What a block of a declarative pipeline declares; what it may not declare is refused. */
@CompileStatic
class Sections extends GroovyObjectSupport implements Serializable {
    static final Map<String, List<String>> ALLOWED = [
        Pipeline: ['agent', 'environment', 'options', 'stages', 'post'],
        Stages: ['stage'],
        StageDecl: ['agent', 'environment', 'steps', 'post'],
        Agent: ['label'],
        Post: ['always', 'success', 'unstable', 'failure'],
    ]
    final String kind
    final List<List> found = []

    Sections(String kind) { this.kind = kind }

    @Override
    Object invokeMethod(String name, Object arguments) {
        if (!ALLOWED[kind].contains(name)) {
            throw new IllegalArgumentException("Invalid section or option \"${name}\" in ${kind}")
        }
        List<Object> entry = [(Object) name]
        entry.addAll((Object[]) arguments)
        found.add(entry)
        return null
    }

    @Override
    Object getProperty(String name) { name in ['any', 'none'] ? name : super.getProperty(name) }

    Object get(String name) {
        List entry = found.find { List declared -> declared[0] == name }
        return entry == null ? null : entry[1]
    }
}
