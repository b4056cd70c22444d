"""Setting up pip and uv for the group: what their files hold now, and what they are to hold."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from releasekit.config.target import is_loopback, simple_url
from releasekit.consumer.settings import (
    Change,
    Consumer,
    FilePlan,
    Place,
    SettingsPlan,
    find_changes,
    find_environ_notes,
    find_exports,
    find_lost_credentials,
    find_pip_notes,
    find_uv_notes,
    folder_place,
    pip_options,
    poetry_commands,
    render_exports,
    user_place,
    uv_index,
    virtualenv_place,
)
from releasekit.consumer.uv_toml import read_uv_settings, set_index
from releasekit.errors import InsecureIndex, SettingsDiffer
from releasekit.events import Began, Note, SettingsPlanned, SettingsWritten
from releasekit.files import find_backup, read_settings_file, replace_settings_file
from releasekit.pip_conf import read_options, set_options
from releasekit.tasks.task import Task
from releasekit.tls.bundle import CERTIFICATE

USER = "user"
MARKS = ("pyvenv.cfg", "conda-meta")
"""What an environment of venv or conda has at its top; pip reads pip.conf beside it."""


def plan_settings(task: Task) -> SettingsPlan:
    """Compare the files of the place with what is needed; raises BrokenSettings."""
    task.notify(Began(step="plan"))
    place = find_place(task)
    consumer = describe_consumer(task, place)
    exports = find_exports(consumer, place, task.environ)
    ca = (_plan_ca(task, consumer.ca_file),) if consumer.ca_file else ()
    files = (*ca, _plan_pip(task, place, consumer), _plan_uv(task, place, consumer))
    plan = SettingsPlan(
        place=place.name,
        files=files,
        exports=render_exports(exports),
        poetry=poetry_commands(consumer),
    )
    lost = (note for file in files for note in find_lost_credentials(file.changes))
    for note in (*lost, *find_environ_notes(task.environ, dict(exports))):
        task.notify(Note(text=note))
    task.notify(SettingsPlanned(plan=plan))
    return plan


def refuse_differences(plan: SettingsPlan) -> None:
    """Refuse a plan with anything in it; raises SettingsDiffer."""
    if plan.changed:
        raise SettingsDiffer(place=plan.place, count=plan.count)


def write_settings(task: Task, plan: SettingsPlan) -> None:
    """Write what the plan says; the certificates come first, for the others name that file."""
    task.notify(Began(step="write"))
    for file in plan.changed:
        replace_settings_file(file.path, file.text, backup=file.backup)
    task.notify(SettingsWritten(plan=plan))


def describe_consumer(task: Task, place: Place | None = None) -> Consumer:
    """Return what installs from the group; raises InsecureIndex."""
    settings = task.settings
    name = settings.group or settings.hosted
    url = simple_url(f"{task.url}/repository/{name}")
    if url.startswith("http://") and not is_loopback(url):
        raise InsecureIndex(url=url)
    own_ca = settings.ca_bundle is not None and url.startswith("https://")
    return Consumer(
        index=name,
        index_url=url,
        ca_file=place.ca_file if place and own_ca else None,
        client_cert=_resolve(task, settings.client_cert),
    )


def find_place(task: Task) -> Place:
    """Return what `--to` names; by default the active environment, else the user's place."""
    active = task.environ.get("VIRTUAL_ENV")
    if task.to is None and active and _is_environment(Path(active)):
        return virtualenv_place(Path(active))
    if task.to is None or task.to == USER:
        return _find_user_place(task)
    folder = (task.root / Path(task.to).expanduser()).resolve()
    return virtualenv_place(folder) if _is_environment(folder) else folder_place(folder)


def _find_user_place(task: Task) -> Place:
    home = Path(task.environ.get("HOME") or Path.home())
    config = Path(task.environ.get("XDG_CONFIG_HOME") or home / ".config")
    mac = home / "Library" / "Application Support" / "pip"
    return user_place(config, pip_folder=mac if sys.platform == "darwin" and mac.is_dir() else None)


def _is_environment(folder: Path) -> bool:
    return any((folder / mark).exists() for mark in MARKS)


def _plan_pip(task: Task, place: Place, consumer: Consumer) -> FilePlan:
    path = str(place.pip_conf)
    text = read_settings_file(place.pip_conf)
    present, wanted = read_options(text, path), pip_options(consumer)
    for note in find_pip_notes(present, wanted):
        task.notify(Note(text=note))
    return _with_backup(
        FilePlan(
            path=place.pip_conf,
            changes=find_changes(wanted, present),
            text=set_options(text, wanted, path),
        )
    )


def _plan_uv(task: Task, place: Place, consumer: Consumer) -> FilePlan:
    path = str(place.uv_toml)
    text = read_settings_file(place.uv_toml)
    present, wanted = read_uv_settings(text, consumer.index, path), uv_index(consumer)
    if "[tool.uv" in read_settings_file(place.uv_toml.with_name("pyproject.toml")):
        task.notify(Note(text=f"uv: {path} switches [tool.uv] of the pyproject.toml beside it off"))
    for note in find_uv_notes(present.options, present.others):
        task.notify(Note(text=note))
    changes = find_changes(wanted, present.index)
    return _with_backup(
        FilePlan(
            path=place.uv_toml,
            changes=tuple(replace(change, key=f"index.{change.key}") for change in changes),
            text=set_index(text, wanted, path),
        )
    )


def _plan_ca(task: Task, path: Path) -> FilePlan:
    """Compare the certificates: all that this run trusts, for `cert` replaces pip's own.

    But for what the file itself brings, which the lines for the shell make a variable name: a CA
    that was taken away would stay for ever.
    """
    sources = (s for s in task.network.trust.sources if task.environ.get(s.name) != str(path))
    found = dict.fromkeys(m[0] for source in sources for m in CERTIFICATE.finditer(source.pem))
    text = "".join(f"{certificate}\n" for certificate in found)
    old = read_settings_file(path)
    change = Change(key="certificates", old=_count(old) if old else None, new=_count(text))
    return FilePlan(path=path, changes=(change,) if old != text else (), text=text)


def _count(pem: str) -> str:
    return str(pem.count("-----BEGIN "))


def _with_backup(file: FilePlan) -> FilePlan:
    if not any(change.old is not None for change in file.changes):
        return file
    return replace(file, backup=find_backup(file.path))


def _resolve(task: Task, path: str | None) -> str | None:
    return str(task.root / Path(path).expanduser()) if path else None
