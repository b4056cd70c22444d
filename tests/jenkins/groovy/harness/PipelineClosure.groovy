package harness

import com.cloudbees.groovy.cps.Block
import com.cloudbees.groovy.cps.Env
import com.cloudbees.groovy.cps.impl.CpsClosure
import groovy.transform.CompileStatic
import org.codehaus.groovy.runtime.InvokerHelper

/** The class of every closure in a pipeline. Without these methods Groovy's own would answer. */
@CompileStatic
class PipelineClosure extends CpsClosure {
    PipelineClosure(Object owner, Object self, List<String> parameters, Block body, Env capture) {
        super(owner, self, parameters, body, capture)
    }

    Object sleep(long seconds) { InvokerHelper.invokeMethod(owner, 'sleep', seconds) }

    void println(Object text) { InvokerHelper.invokeMethod(owner, 'println', text) }

    void print(Object text) { InvokerHelper.invokeMethod(owner, 'println', text) }
}
