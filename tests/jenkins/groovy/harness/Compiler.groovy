package harness

import com.cloudbees.groovy.cps.CpsTransformer
import com.cloudbees.groovy.cps.TransformerConfiguration
import groovy.transform.CompileStatic
import org.codehaus.groovy.control.CompilerConfiguration
import org.codehaus.groovy.control.customizers.ImportCustomizer

/** The shell that Jenkins' plugin would make: the CPS transformation, its imports, the libraries. */
@CompileStatic
class Compiler {
    static GroovyShell shell(Map job, Binding binding) {
        CpsTransformer cps = new CpsTransformer()
        cps.configuration = new TransformerConfiguration().withClosureType(PipelineClosure)
        ImportCustomizer imports = new ImportCustomizer()
        imports.addStarImports('com.cloudbees.groovy.cps', 'hudson.model', 'jenkins.model')
        imports.addImport('Library', 'harness.Library')
        CompilerConfiguration configuration = new CompilerConfiguration(scriptBaseClass: PipelineScript.name)
        configuration.addCompilationCustomizers(imports, cps)
        GroovyShell shell = new GroovyShell(Compiler.classLoader, binding, configuration)
        for (String library : (List<String>) job.libraries) {
            shell.classLoader.addURL(new File(library, 'src').toURI().toURL())
            shell.classLoader.addURL(new File(library, 'vars').toURI().toURL())
        }
        return shell
    }
}
