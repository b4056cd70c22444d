package harness

import groovy.transform.CompileStatic

/** All that outlives a restart of Jenkins, in one graph. */
@CompileStatic
class State implements Serializable {
    int ids
    List<Green> greens = []
    Map<String, Script> shared = [:]
    Environment env = new Environment()
    CurrentBuild currentBuild = new CurrentBuild()
    Map params = [:]
    Map scm = [:]
    /** Workspaces and locks in use. */
    Set<String> held = []
}
