package harness

import groovy.transform.CompileStatic

/** What a save found that cannot be saved. */
@CompileStatic
class SaveFailed extends RuntimeException {
    SaveFailed(String message, Throwable cause) { super(message, cause) }
}
