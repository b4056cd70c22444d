"""The kit's sessions and nothing else: `nox -f` of this file runs no code of the project.

CI runs it where the upload credentials are (plan, publish, verify): a project's noxfile is other
people's code. The project is the directory in which nox was started, or that of -C.
"""

import releasekit.sessions  # noqa: F401
