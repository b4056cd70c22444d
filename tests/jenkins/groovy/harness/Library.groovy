package harness

/** `@Library('name') _`: the harness has every library of the job at hand. */
@interface Library {
    String[] value()
}
