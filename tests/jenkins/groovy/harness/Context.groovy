package harness

import groovy.transform.AutoClone
import groovy.transform.CompileStatic

/** What the blocks around a step have set: each green thread has its own. */
@AutoClone
@CompileStatic
class Context implements Serializable {
    String agent
    String workspace
    String directory
    Map<String, String> env = [:]
    List<String> stages = []
    /** Secrets of the credentials that are bound here; outside of the block they are not masked. */
    List<String> masks = []

    /** Absolute paths stay what they are (hudson.FilePath). */
    File file(String path) { (path.startsWith('/') ? new File(path) : new File(new File(directory), path)).canonicalFile }
}
