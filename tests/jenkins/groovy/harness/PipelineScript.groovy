package harness

import com.cloudbees.groovy.cps.SerializableScript
import groovy.transform.CompileStatic
import org.codehaus.groovy.runtime.InvokerHelper

/** The base of the Jenkinsfile and of each script in vars/: where their names lead. */
@CompileStatic
abstract class PipelineScript extends SerializableScript {
    /** A name leads to a variable with `call`, to a script in vars/, or to a step. */
    @Override
    Object invokeMethod(String name, Object arguments) {
        Object[] values = (Object[]) arguments
        if (binding.hasVariable(name)) {
            Object called = binding.getVariable(name)
            return InvokerHelper.getMetaClass(called).invokeMethod(called, 'call', values)
        }
        Object shared = Build.current.shared(name)
        if (shared != null) {
            return InvokerHelper.getMetaClass(shared).invokeMethod(shared, 'call', values)
        }
        return Build.current.call(name, values)
    }

    @Override
    Object getProperty(String name) {
        try {
            return super.getProperty(name)
        } catch (MissingPropertyException missing) {
            Object found = Build.current.global(name)
            if (found == null) { throw missing }
            return found
        }
    }

    @Override
    void println(Object text) { invokeMethod('echo', [String.valueOf(text)] as Object[]) }

    @Override
    void print(Object text) { println(text) }

    Object sleep(long seconds) { invokeMethod('sleep', [seconds] as Object[]) }

    /** After a restart, all scripts share one binding again. */
    protected Object readResolve() {
        Build.current.binding.variables.putAll(binding.variables)
        binding = Build.current.binding
        return this
    }
}
