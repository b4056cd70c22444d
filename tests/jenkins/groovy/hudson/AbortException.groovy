package hudson

/** What `error` and a failing `sh` throw: a message and no stack trace is shown. */
class AbortException extends IOException {
    AbortException(String message) { super(message) }
}
