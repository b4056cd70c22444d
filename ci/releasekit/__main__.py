"""`python -m releasekit` and the console script.

The project's directory is taken off sys.path before anything else is imported. What Python itself
imported from there before our first line (for `python -m` it needs runpy, types and others) cannot
be prevented: it is refused.
"""

import os
import sys

REFUSAL = """\
error E224: Python imported {names} from the current directory into releasekit
  where: {files}
  why:   `python -m` and PYTHONPATH put that directory before Python's own modules, and the
         project's code must not run in the process that has the credentials
  next:  {command}
"""

INTERRUPT = """\
error E901: interrupted
  where: during start
  why:   a signal asked for it; nothing was begun
  next:  run the same command again
"""
NO_MEMORY = """\
error E324: a limit of this machine was reached: memory
  where: {place}
  why:   {reason}
  next:  give this job more memory, or raise `ulimit -v`, then run this again: it is safe
"""


def main() -> int:
    """Run one command, without modules of the current directory; return its exit status."""
    folder = ""
    try:
        from releasekit.foreign import drop_directory, find_foreign

        _restart_python()
        try:
            folder = os.getcwd()  # noqa: PTH109 - pathlib is not imported yet
        except FileNotFoundError:
            folder = ""  # it is gone, and the command says so
        drop_directory(folder)
        import signal

        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        if foreign := find_foreign(folder):
            names, files = ", ".join(sorted(foreign)), ", ".join(sorted(foreign.values()))
            sys.stderr.write(REFUSAL.format(names=names, files=files, command=_render_command()))
            return 2
        from releasekit.cli import main as run

        return run()
    except KeyboardInterrupt:  # in an import, which takes most of the start
        sys.stderr.write(INTERRUPT)
        exec("")  # noqa: S102 - see signals.interruptible
        return 130
    except Exception as error:  # noqa: BLE001 - in an import, or in a report
        if _is_memory_short(error):
            reason = str(error) or "no more memory can be allocated"
            sys.stderr.write(NO_MEMORY.format(place=folder, reason=reason))
        else:
            sys.excepthook(type(error), error, error.__traceback__)
    return 3  # Python's own status for this is 1, by which the project would be to blame


def _is_memory_short(error: Exception) -> bool:
    """Tell whether memory has run out, without an import, for which there may be none."""
    # SystemError: CPython 3.11, where a C function has no memory for its own error. 12: ENOMEM.
    if isinstance(error, MemoryError | SystemError) or getattr(error, "errno", 0) == 12:
        return True
    # The dynamic linker has no memory for an extension module (glibc 2.36).
    return isinstance(error, ImportError) and "failed to map segment" in str(error)


def _restart_python() -> None:
    """Start Python again where its variables make it unfit for a command.

    PYTHONINSPECT keeps it from ending, with a status of its own. Where PYTHONUTF8=0 beats the UTF-8
    mode of the locale C, it cannot name files as git does, and as projects and authors are called.
    """
    options = [] if sys.getfilesystemencoding() == "utf-8" else ["-X", "utf8"]
    is_kept = sys.flags.inspect and os.environ.pop("PYTHONINSPECT", "")
    if is_kept or options:
        os.execv(sys.executable, [sys.executable, *options, *sys.orig_argv[1:]])  # noqa: S606


def _render_command() -> str:
    """Return the same command by the console script, without PYTHONPATH where it is set."""
    script = os.path.join(os.path.dirname(sys.executable), "releasekit")  # noqa: PTH118, PTH120
    words = [script if os.path.exists(script) else "releasekit", *sys.argv[1:]]  # noqa: PTH110
    prefix = "env -u PYTHONPATH " if os.environ.get("PYTHONPATH") else ""
    return prefix + " ".join(map(_quote, words))


def _quote(word: str) -> str:
    """Quote a word for the shell; shlex may be the project's here."""
    if word and all(letter.isalnum() or letter in "-_./=:,@+" for letter in word):
        return word
    return "'" + word.replace("'", "'\"'\"'") + "'"


if __name__ == "__main__":
    raise SystemExit(main())
