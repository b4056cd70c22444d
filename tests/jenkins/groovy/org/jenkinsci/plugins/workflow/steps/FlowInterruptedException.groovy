package org.jenkinsci.plugins.workflow.steps

import hudson.model.Result

/** Ends a build with a result of its own (workflow-cps, CpsThreadGroup.run). */
class FlowInterruptedException extends InterruptedException {
    final Result result

    FlowInterruptedException(Result result) {
        super("interrupted: ${result}")
        this.result = result
    }
}
