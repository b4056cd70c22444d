# /// script
# dependencies = ["nox", "releasekit"]
# ///
import releasekit.sessions  # noqa: F401
