package harness

import groovy.transform.CompileStatic

/** Java's serialisation stands for Jenkins' (JBoss Marshalling): the rule, Serializable, is the same. */
@CompileStatic
class Saving {
    static byte[] save(State state) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream()
        try {
            new ObjectOutputStream(bytes).writeObject(state)
        } catch (NotSerializableException unfit) {
            List<String> places = state.greens.findAll { Green green -> green.call && !green.open }
                .collect { Green green -> "${green.call.name} (${green.where()})".toString() }
            throw new SaveFailed("java.io.NotSerializableException: ${unfit.message}, at ${places.join(', ')}", unfit)
        }
        return bytes.toByteArray()
    }

    static State read(byte[] bytes, ClassLoader loader) {
        ObjectInputStream stream = new ObjectInputStream(new ByteArrayInputStream(bytes)) {
            @Override
            protected Class<?> resolveClass(ObjectStreamClass described) {
                try {
                    return Class.forName(described.name, false, loader)
                } catch (ClassNotFoundException other) {
                    return super.resolveClass(described)
                }
            }
        }
        return (State) stream.readObject()
    }
}
