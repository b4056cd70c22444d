package harness

import com.cloudbees.groovy.cps.Outcome
import groovy.transform.CompileStatic

/** A step as its plugin describes it. */
@CompileStatic
class Step {
    /** The page below https://www.jenkins.io/doc/pipeline/steps/ that the parameters were read from. */
    String page
    /** The parameter that may stand alone, without a name. */
    String first
    List<String> names = []
    /** True where it needs an agent. */
    boolean node
    /** True where Jenkins answers at once, and the program is not suspended. */
    boolean immediate
    /** True where it runs a body. */
    boolean block
    /** Of a step without a body: does it, (Build, Context, Map) -> value. */
    Closure run
    /** Of a block: starts its bodies, (Build, Green, StepCall). */
    Closure enter
    /** Of a block: what follows its end, (Build, Green). */
    Closure after

    Outcome leave(Build build, Green green) {
        if (after) { after.call(build, green) }
        Map<String, Outcome> failed = green.ends.findAll { String name, Outcome end -> end.abnormal != null }
        if (failed) { return failed.values().first() }
        return green.call.name == 'parallel' ? new Outcome(green.ends.collectEntries { String name, Outcome end -> [name, end.normal] }, null) : green.ends.values().first()
    }

    /** Read a call's arguments; stricter than Jenkins, which only warns of an unknown one. */
    StepCall read(String name, Object[] values) {
        List<Object> rest = new ArrayList<Object>(Arrays.asList(values))
        Closure body = rest && rest.last() instanceof Closure ? (Closure) rest.remove(rest.size() - 1) : null
        Map<String, Object> arguments = [:]
        if (rest.size() == 1 && rest[0] instanceof Map && first != 'scm') {
            for (Map.Entry entry : ((Map<Object, Object>) rest[0]).entrySet()) { arguments.put(entry.key.toString(), entry.value) }
        } else if (rest.size() == 1 && first) {
            arguments.put(first, rest[0])
        } else if (rest) {
            throw new IllegalArgumentException("Expected named arguments but got ${rest}")
        }
        if (name != 'parallel') { check(name, arguments, body) }
        for (String key : new ArrayList<String>(arguments.keySet())) { arguments.put(key, plain(name, arguments.get(key))) }
        return new StepCall(name: name, arguments: arguments, body: body)
    }

    private void check(String name, Map<String, Object> arguments, Closure body) {
        for (String key : arguments.keySet()) {
            if (!names.contains(key)) {
                throw new IllegalArgumentException("WARNING: Unknown parameter(s) found for class type '${name}': ${key}")
            }
        }
        if (block && body == null) { throw new IllegalStateException("There is no body to invoke: ${name}") }
        if (!block && body != null) { throw new IllegalArgumentException("${name} does not take a body") }
    }

    /** Text, without Groovy's interpolated strings: those hide a secret from the reader's eye. */
    private static Object plain(String name, Object value) {
        if (value instanceof GString) {
            Build build = Build.current
            if (build.running.context.masks.any { String secret -> value.toString().contains(secret) }) {
                build.warnings.add("A secret was passed to \"${name}\" using Groovy String interpolation, which is insecure.".toString())
            }
            return value.toString()
        }
        if (value instanceof List) {
            List<Object> texts = []
            for (Object item : (List) value) { texts.add(plain(name, item)) }
            return texts
        }
        return value
    }
}
