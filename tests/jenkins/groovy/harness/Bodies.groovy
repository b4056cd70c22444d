package harness

import groovy.transform.CompileStatic

@CompileStatic
class Bodies {
    /** A plain closure that calls one of the pipeline. */
    static Closure caller(Closure body) { return { body.call() } }
}
