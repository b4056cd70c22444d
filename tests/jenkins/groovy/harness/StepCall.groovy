package harness

import groovy.transform.CompileStatic

/** A step as a pipeline calls it: what the interpreter hands over when it suspends. */
@CompileStatic
class StepCall implements Serializable {
    String name
    Map<String, Object> arguments
    Closure body
}
