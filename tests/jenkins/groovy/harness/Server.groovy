package harness

import groovy.json.JsonOutput
import groovy.json.JsonSlurperClassic

// One JVM for many pipelines: a line names a file that says what to run, its answer goes beside it.
PrintStream answers = System.out
System.out = System.err
answers.println('ready')
System.in.eachLine { String path ->
    Map job = (Map) new JsonSlurperClassic().parse(new File(path), 'UTF-8')
    String report = JsonOutput.toJson(new Build(job).run())
    new File("${path}.report").setText(report, 'UTF-8')
    answers.println('done')
}
