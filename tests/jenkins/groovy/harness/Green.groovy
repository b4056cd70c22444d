package harness

import com.cloudbees.groovy.cps.Continuable
import com.cloudbees.groovy.cps.Outcome
import groovy.transform.CompileStatic

/** A thread of the pipeline: the program itself, a block's body, or a branch of `parallel`. */
@CompileStatic
class Green implements Serializable {
    int id
    Continuable program
    Context context
    /** What it goes on with; null while it waits for a step. */
    Outcome next
    /** The step that it waits for. */
    StepCall call
    /** The thread that waits for this one, and by which name. */
    Green parent
    String branch
    /** Of a waiting thread: the ends of its bodies. */
    Map<String, Outcome> ends = [:]
    int open
    /** What its block holds: a workspace, a lock, files of credentials. */
    List<String> held = []

    String where() {
        StackTraceElement at = program.stackTrace.find { StackTraceElement e -> e.lineNumber > 0 }
        at ? "${at.fileName}:${at.lineNumber}" : 'the end'
    }
}
