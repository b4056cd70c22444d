package harness

import groovy.transform.CompileStatic
import hudson.model.Result

/** `currentBuild`: its result only gets worse (Javadoc of RunWrapper). */
@CompileStatic
class CurrentBuild implements Serializable {
    Result worst
    String description

    String getResult() { worst?.name() }

    void setResult(String name) {
        Result changed = Result.valueOf(name)
        worst = worst ? worst.combine(changed) : changed
    }

    String getCurrentResult() { worst?.name() ?: 'SUCCESS' }
}
