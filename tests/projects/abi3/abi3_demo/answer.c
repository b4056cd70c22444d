/* Called by ctypes: a Python without its headers can build it too. */
int answer(void) { return 42; }
