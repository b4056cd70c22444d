package harness

import com.cloudbees.groovy.cps.Continuable
import com.cloudbees.groovy.cps.Continuation
import com.cloudbees.groovy.cps.Envs
import com.cloudbees.groovy.cps.Outcome
import com.cloudbees.groovy.cps.impl.CpsCallableInvocation
import groovy.transform.CompileStatic
import hudson.AbortException
import hudson.model.Result
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors
import java.util.concurrent.LinkedBlockingQueue
import org.codehaus.groovy.control.CompilationFailedException
import org.jenkinsci.plugins.workflow.steps.FlowInterruptedException

/**
 * One build: a pipeline under Jenkins' own interpreter. One real thread runs all of its Groovy;
 * steps run beside it. Whenever nothing can run, the program is saved, dropped and read back.
 */
@CompileStatic
class Build {
    static Build current
    static final List<Class> CATEGORIES = Continuable.categories + [(Class) Copies]

    final Map job
    final Log log
    final List<Map> steps = Collections.synchronizedList([])
    final List<String> mismatches = []
    final List<String> warnings = Collections.synchronizedList([])
    final List<Map> tests = []
    int saves
    State state = new State()
    Binding binding = new Binding()
    GroovyShell shell
    Green running

    private final LinkedBlockingQueue<List> ended = new LinkedBlockingQueue<>()
    private final ExecutorService pool = Executors.newCachedThreadPool()
    private int busy

    Build(Map job) {
        this.job = job
        log = new Log(new File((String) job.log))
        state.params.putAll((Map) job.params)
        state.scm.putAll((Map) job.scm)
        current = this
    }

    Map run() {
        CpsCallableInvocation.registerMismatchHandler { Object wanted, String name, Object got, String other ->
            String text = "expected to call ${Log.nameOf(wanted)}${name} but wound up catching ${Log.nameOf(got)}${other}"
            mismatches.add(text.toString())
        } as CpsCallableInvocation.MismatchHandler
        Throwable failure = null
        try {
            shell = Compiler.shell(job, binding)
            Script main = shell.parse((String) job.jenkinsfile, 'WorkflowScript.groovy')
            begin(new Continuable(main), new Context(), null, null)
            failure = runAll()
        } catch (CompilationFailedException | SaveFailed refused) {
            failure = refused
        } finally {
            pool.shutdownNow()
        }
        conclude(failure)
        return report(failure)
    }

    private void conclude(Throwable failure) {
        CurrentBuild done = state.currentBuild
        if (failure instanceof FlowInterruptedException) {
            done.result = ((FlowInterruptedException) failure).result.name()
        } else if (failure != null || mismatches) {
            done.result = 'FAILURE'
        }
        // Jenkins logs a mismatch only; here it fails the build.
        for (String mismatch : mismatches) { log.line(mismatch) }
        if (failure != null) { log.line("ERROR: ${Log.text(failure)}") }
        log.line("Finished: ${done.currentResult}")
    }

    private Map report(Throwable failure) {
        [result: state.currentBuild.currentResult, description: state.currentBuild.description, steps: steps,
         error: failure == null ? null : Log.text(failure), mismatches: mismatches, warnings: warnings, tests: tests, saves: saves,
         log: log.file.getText('UTF-8')]
    }

    /** Run until every thread has ended; gives the exception that the program ended with. */
    private Throwable runAll() {
        Outcome last = null
        while (state.greens) {
            Green ready = state.greens.find { Green green -> green.next != null }
            if (ready == null) {
                if (busy == 0) { throw new IllegalStateException('every thread waits, and for nothing') }
                saveAndRestart()
                accept(ended.take())
                continue
            }
            running = ready
            Outcome outcome = ready.next
            ready.next = null
            Outcome got = ready.program.run0(outcome, CATEGORIES)
            if (ready.program.resumable) { suspend(ready, (StepCall) got.normal) } else { last = end(ready, got) }
        }
        return last.abnormal
    }

    private Green begin(Continuable program, Context context, Green parent, String branch) {
        Green green = new Green(id: ++state.ids, program: program, context: context, parent: parent,
            branch: branch, next: new Outcome(null, null))
        state.greens.add(green)
        return green
    }

    /** Start the body of a block; only the interpreter can call a closure of the pipeline. */
    void body(Green parent, Closure closure, Context context, String branch = null) {
        parent.open++
        try {
            org.codehaus.groovy.runtime.GroovyCategorySupport.use(CATEGORIES, Bodies.caller(closure))
            throw new IllegalStateException('the body of a block is no closure of the pipeline')
        } catch (CpsCallableInvocation call) {
            begin(new Continuable(call.invoke(Envs.empty(), null, Continuation.HALT)), context, parent, branch)
        }
    }

    private void suspend(Green green, StepCall call) {
        green.call = call
        Step step = Table.STEPS[call.name]
        steps.add(Log.entry(call, green.context))
        try {
            if (step.block) {
                step.enter.call(this, green, call)
                if (!green.open) { green.next = new Outcome(null, null) }
                return
            }
        } catch (Exception refused) {
            green.next = new Outcome(null, refused)
            return
        }
        busy++
        int id = green.id
        Context context = green.context
        pool.submit({
            Outcome outcome
            try {
                outcome = new Outcome(step.run.call(this, context, call.arguments), null)
            } catch (Throwable failed) {
                outcome = new Outcome(null, failed)
            }
            ended.put([id, outcome])
        } as Runnable)
    }

    private void accept(List end) {
        busy--
        state.greens.find { Green green -> green.id == (int) end[0] }.next = (Outcome) end[1]
    }

    private Outcome end(Green green, Outcome outcome) {
        state.greens.remove(green)
        Green parent = green.parent
        if (parent != null) {
            parent.ends.put(green.branch, outcome)
            parent.open--
            if (parent.open == 0) {
                parent.next = Table.STEPS[parent.call.name].leave(this, parent)
                parent.ends = [:]
            }
        }
        return outcome
    }

    private void saveAndRestart() {
        byte[] saved = Saving.save(state)
        saves++
        if (job.restart == 'fresh') { // as after a restart of Jenkins: every class is parsed anew
            binding = new Binding()
            shell = Compiler.shell(job, binding)
            shell.parse((String) job.jenkinsfile, 'WorkflowScript.groovy')
        }
        state = Saving.read(saved, shell.classLoader)
    }

    /** A step is called: it suspends the program, unless Jenkins answers it at once. */
    Object call(String name, Object[] values) {
        Step step = Table.STEPS[name]
        if (step == null || ((List) job.missing).contains(name)) {
            throw new NoSuchMethodError("No such DSL method '${name}' found among steps ${Table.STEPS.keySet().sort(false)}")
        }
        StepCall call = step.read(name, values)
        if (step.node && running.context.agent == null) {
            throw new AbortException("Attempted to execute a step that requires a node context while 'agent none' was specified or outside of node: ${name}")
        }
        if (step.immediate) {
            steps.add(Log.entry(call, running.context))
            return step.run.call(this, running.context, call.arguments)
        }
        return Continuable.suspend(name, call)
    }

    /** A script of vars/, made at its first use and saved with the program. */
    Script shared(String name) {
        if (!state.shared.containsKey(name)) {
            Class found
            try {
                found = shell.classLoader.loadClass(name)
            } catch (ClassNotFoundException absent) {
                return null
            }
            if (!Script.isAssignableFrom(found)) { return null }
            Script script = (Script) found.newInstance()
            script.binding = binding
            state.shared.put(name, script)
        }
        return state.shared.get(name)
    }

    Object global(String name) {
        switch (name) {
            case 'env': return state.env
            case 'currentBuild': return state.currentBuild
            case 'params': return state.params
            case 'scm': return state.scm ?: null
            default: return shared(name) ?: environ()[name]
        }
    }

    /** The variables of the running thread: the build's, the agent's, then those of its blocks. */
    Map<String, String> environ(Context context = running.context) {
        Map<String, String> agent = (Map<String, String>) (context.agent == null ? [:] : ((Map) job.agents)[context.agent])
        return (Map<String, String>) (agent + (Map) job.environ + state.env.all + context.env)
    }
}
