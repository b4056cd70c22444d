package harness

import groovy.transform.CompileStatic
import hudson.AbortException

/** What a user of Jenkins reads: the console, with secrets as asterisks. */
@CompileStatic
class Log {
    final File file

    Log(File file) { this.file = file }

    synchronized void line(String text, List<String> masks = []) {
        file.append("${masked(text, masks)}\n", 'UTF-8')
    }

    static String masked(String text, List<String> masks) {
        String hidden = text
        for (String secret : masks) { hidden = hidden.replace(secret, '****') }
        return hidden
    }

    /** A receiver as Jenkins' texts show it; a step has none. */
    static String nameOf(Object object) {
        object == null ? '' : (object instanceof Class ? (Class) object : object.getClass()).name + '.'
    }

    static String text(Throwable failure) {
        failure instanceof AbortException || failure instanceof SaveFailed ? failure.message : failure.toString()
    }

    /** A step for the report; closures and describables are shown by what they are. */
    static Map entry(StepCall call, Context context) {
        Map<String, Object> shown = [:]
        for (Map.Entry<String, Object> argument : call.arguments.entrySet()) {
            Object value = argument.value
            shown[argument.key] = value instanceof Closure ? 'a body' : value instanceof Boolean ? value : masked(String.valueOf(value), context.masks)
        }
        return [step: call.name, arguments: shown, agent: context.agent, stages: context.stages]
    }
}
