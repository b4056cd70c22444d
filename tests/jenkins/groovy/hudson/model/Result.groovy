package hudson.model

/** The result of a build, from the best to the worst. */
enum Result {
    SUCCESS, UNSTABLE, FAILURE, NOT_BUILT, ABORTED

    Result combine(Result other) { ordinal() < other.ordinal() ? other : this }
}
