package harness

import groovy.transform.CompileStatic

/** `env`: what the blocks around have set, then what the whole build has. */
@CompileStatic
class Environment extends GroovyObjectSupport implements Serializable {
    Map<String, String> all = [:]

    @Override
    Object getProperty(String name) { Build.current.environ()[name] }

    @Override
    void setProperty(String name, Object value) { all[name] = String.valueOf(value) }
}
