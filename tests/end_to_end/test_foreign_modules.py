"""Modules of the project are not imported into the process that has the credentials."""

from __future__ import annotations

import json
import subprocess
import sys
import types
from pathlib import Path

import packaging
import pytest

from support import Command, ProjectDir, Ran, public_index

KIT = Path(__file__).parents[2] / "ci" / "releasekit"
SCRIPTS = Path(sys.executable).parent
MARK = "import os\nopen(os.environ['IMPORTED'], 'a').write(__name__ + ' ')\n"
"""What a module of the project does: tells that it was imported."""
LATER = (
    *("__future__", "argparse", "build", "certifi", "enum", "filelock", "installer"),
    *("json", "keyring", "logging", "nox", "packaging", "pathlib", "pydantic", "random", "re"),
    *("requests", "rich", "setuptools", "sitecustomize", "ssl", "tomllib", "twine"),
    *("typing", "urllib3", "usercustomize", "uv"),
)
"""Modules that the kit, or a library of it, imports after its first line."""
FIRST = {"enum", "re", "sitecustomize", "usercustomize"}
"""Those that Python or a console script, which may begin with `import re`, imports before it."""


def run(
    project: ProjectDir, command: list[str | Path], imported: Path, **variables: str
) -> tuple[Ran, str]:
    """Run a command in the project's directory; return which of its modules were imported."""
    environ = {name: value for name, value in project.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command,
        cwd=project.root,
        env={**environ, **public_index(), "IMPORTED": str(imported), **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    names = imported.read_text("utf-8") if imported.exists() else ""
    return Ran(status=done.returncode, out=done.stdout, err=done.stderr), names


@pytest.mark.parametrize(
    ("door", "variables", "names"),
    [
        pytest.param([sys.executable, "-m", "releasekit"], {}, LATER, id="python -m releasekit"),
        pytest.param([SCRIPTS / "releasekit"], {}, LATER, id="the console script"),
        pytest.param(
            [SCRIPTS / "releasekit"],
            {"PYTHONPATH": "."},
            [name for name in LATER if name not in FIRST],
            id="PYTHONPATH",
        ),
        pytest.param(
            [sys.executable, "-I", "-m", "releasekit"], {"PYTHONPATH": "."}, LATER, id="python -I"
        ),
    ],
)
def test_a_release_imports_nothing_of_the_current_directory(
    project: ProjectDir,
    tmp_path: Path,
    door: list[str | Path],
    variables: dict[str, str],
    names: list[str],
) -> None:
    for name in names:
        project.write(f"{name}.py", MARK)
    ran, imported = run(project, [*door, "release"], tmp_path / "imported", **variables)
    assert (ran.status, imported) == (0, ""), ran.err + ran.out


@pytest.mark.parametrize(
    ("command", "pythonpath", "fix"),
    [
        pytest.param(
            [sys.executable, "-m", "releasekit", "search", "a b"],
            None,
            f"{SCRIPTS}/releasekit search 'a b'",
            id="python -m releasekit",
        ),
        pytest.param(
            [sys.executable, "-c", "import {name}; from releasekit.__main__ import main; main()"],
            ".",
            f"env -u PYTHONPATH {SCRIPTS}/releasekit",
            id="PYTHONPATH",
        ),
    ],
)
@pytest.mark.parametrize("kind", ["module", "package"])
def test_what_python_imported_before_the_kit_is_refused(
    project: ProjectDir,
    tmp_path: Path,
    command: list[str],
    pythonpath: str | None,
    fix: str,
    kind: str,
) -> None:
    # Such a copy does all that Python asks of it: nothing but our own line can stop the run.
    original = Path(types.__file__).read_text("utf-8")
    name = "types.py"
    if kind == "package":
        name = "types/__init__.py"
        (project.root / "types").mkdir()
    project.write(name, original + "\n" + MARK)
    variables = {} if pythonpath is None else {"PYTHONPATH": pythonpath}
    words: list[str | Path] = [word.format(name="types") for word in command]
    if pythonpath is not None:
        words[1:1] = ["-X", "frozen_modules=off"]
    ran, names = run(project, words, tmp_path / "imported", **variables)
    file = project.root / ("types" if kind == "package" else name)
    if not names:
        pytest.skip("this Python has imported types before it looks into the current directory")
    assert ran.err == (
        "error E224: Python imported types from the current directory into releasekit\n"
        f"  where: {file}\n"
        "  why:   `python -m` and PYTHONPATH put that directory before Python's own modules, and "
        "the\n         project's code must not run in the process that has the credentials\n"
        f"  next:  {fix}\n"
    )
    if pythonpath is None:
        assert ran.status == 2


def test_a_project_that_is_installed_from_its_directory_is_not_foreign(
    project: ProjectDir, tmp_path: Path
) -> None:
    """As an editable installation does it: its .pth file comes after the installed packages."""
    project.write("our_plugin.py", MARK)
    site = tmp_path / "site"
    site.mkdir()
    (site / "project.pth").write_text(f"{project.root}\nimport our_plugin\n")
    start = (
        f"import site; site.addsitedir({str(site)!r}); "
        "from releasekit.__main__ import main; raise SystemExit(main())"
    )
    command: list[str | Path] = [sys.executable, "-I", "-c", start, "version"]
    ran, names = run(project, command, tmp_path / "imported")
    assert (ran.status, names) == (0, "our_plugin "), ran.err


def test_nox_by_its_module_warns_of_what_it_took_from_the_project(
    project: ProjectDir, tmp_path: Path
) -> None:
    real = Path(packaging.__file__).parent
    project.write("packaging.py", f"{MARK}__path__ = [{str(real)!r}]\n")
    project.write("build.py", MARK)
    project.write("our_helper.py", MARK)
    project.write("noxfile.py", "import our_helper\nimport releasekit.sessions\n")
    words = ["-s", "build", "--", "-q"]
    by_module: list[str | Path] = [sys.executable, "-m", "nox", *words]
    ran, names = run(project, by_module, tmp_path / "imported")
    # Neither is the helper warned of, nor is anything taken once our session runs.
    assert (ran.status, names.split()) == (0, ["packaging", "our_helper"]), ran.err
    assert f"packaging came from {project.root}, not from where it is installed" in ran.err
    assert "Start nox by its console script: nox -s build" in ran.err
    (tmp_path / "imported").unlink()
    project.write("noxfile.py", "import releasekit.sessions\n")
    ran, names = run(project, [SCRIPTS / "nox", *words], tmp_path / "imported")
    assert (ran.status, names) == (0, ""), ran.err
    assert "came from" not in ran.err


def test_sessions_of_the_project_import_from_its_directory_after_ours(
    project: ProjectDir, tmp_path: Path
) -> None:
    project.write("our_helper.py", MARK)
    more = "@nox.session(venv_backend='none')\ndef later(session):\n    import our_helper\n"
    project.write("noxfile.py", f"import nox\nimport releasekit.sessions\n{more}")
    command: list[str | Path] = [sys.executable, "-m", "nox", "-s", "version", "later"]
    ran, names = run(project, command, tmp_path / "imported")
    assert (ran.status, names) == (0, "our_helper "), ran.err


def test_the_noxfile_of_the_kit_runs_nothing_of_the_project(
    project: ProjectDir, tmp_path: Path, releasekit: Command
) -> None:
    built = releasekit("check", project=project)
    assert built.status == 0, built.err
    for name in (*LATER, "noxfile", "conftest"):
        project.write(f"{name}.py", MARK)
    # A relative file of CAs, as in the environment of some machine, starts where nox was started.
    project.write("ca.pem", Path(project.environ.get("SSL_CERT_FILE") or "").read_text("utf-8"))
    nox: list[str | Path] = [sys.executable, "-I", "-m", "nox", "-f", KIT / "noxfile.py"]
    command = [*nox, "-s", "publish", "--", "-C", project.root, "--json"]
    before = sorted(KIT.iterdir())
    variables = {"RELEASEKIT_URL": "sandbox", "REQUESTS_CA_BUNDLE": "ca.pem", "PYTHONPATH": "."}
    ran, names = run(project, command, tmp_path / "imported", **variables)
    assert (ran.status, names) == (0, ""), ran.err
    assert json.loads(ran.out)["status"] == "done"
    assert (project.root / "reports" / "outcome.json").exists()
    assert sorted(KIT.iterdir()) == before  # nox leaves nothing there
    assert not (project.root / ".nox").exists()


@pytest.mark.parametrize(
    ("broken", "status"),
    [
        pytest.param("dist", 1, id="refused"),
        pytest.param("settings", 2, id="usage"),
        pytest.param("index", 3, id="failed"),
    ],
)
def test_statuses_pass_through_the_noxfile_of_the_kit(
    project: ProjectDir, tmp_path: Path, releasekit: Command, broken: str, status: int
) -> None:
    assert releasekit("check", project=project).status == 0
    url = {"settings": "not-a-url", "index": "http://127.0.0.1:9"}.get(broken, "sandbox")
    if broken == "dist":
        next((project.root / "dist").glob("*.whl")).write_bytes(b"")
    command: list[str | Path] = [SCRIPTS / "nox", "-f", KIT / "noxfile.py", "-s", "publish"]
    login = {"TWINE_USERNAME": "a", "TWINE_PASSWORD": "b"}
    ran, _ = run(project, command, tmp_path / "imported", RELEASEKIT_URL=url, **login)
    assert ran.status == status, ran.err + ran.out
