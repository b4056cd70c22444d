package harness

import groovy.transform.CompileStatic

/**
 * Methods that give a pipeline what can be saved: the JDK's own iterators and views cannot.
 * Static compilation keeps each from calling itself.
 */
@CompileStatic
class Copies {
    static Iterator iterator(List self) { new Walk(items: new ArrayList(self)) }

    static Iterator iterator(Set self) { new Walk(items: new ArrayList(self)) }

    static Iterator iterator(Map self) { new Walk(items: new ArrayList(entrySet(self))) }

    static Set entrySet(Map self) {
        Set entries = new LinkedHashSet()
        for (Map.Entry entry : ((Map<Object, Object>) self).entrySet()) {
            entries.add(new AbstractMap.SimpleImmutableEntry(entry.key, entry.value))
        }
        return entries
    }

    static Set keySet(Map self) { new LinkedHashSet(self.keySet()) }

    static Collection values(Map self) { new ArrayList<Object>(((Map<Object, Object>) self).values()) }

    static class Walk implements Iterator, Serializable {
        List items
        int at

        boolean hasNext() { at < items.size() }

        Object next() { items[at++] }

        void remove() { throw new UnsupportedOperationException() }
    }
}
