"""Run a double in the foreground; it prints the settings that lead a release to it, as JSON."""

from __future__ import annotations

import contextlib
import json
import signal
import sys

from nexus_double import run_sandbox


def main() -> None:
    """Run it until SIGTERM or SIGINT."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), run_sandbox(snapshots="pypi-snapshots") as double:
        sys.stdout.write(json.dumps(double.environ()) + "\n")
        sys.stdout.flush()
        signal.pause()


if __name__ == "__main__":
    main()
