"""Setting up pip and uv for the group: what their files hold now, and what they are to hold."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from releasekit.consumer.settings import (
    Change,
    Consumer,
    FilePlan,
    Place,
    SettingsPlan,
    SettingsPlanned,
    SettingsWritten,
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
from releasekit.context import NexusContext
from releasekit.errors import ReleasekitError
from releasekit.errors.refused import SETTINGS_DIFFER
from releasekit.errors.usage import INSECURE_INDEX
from releasekit.files import find_backup, read_settings_file, replace_settings_file
from releasekit.home import expand_home, find_config_home, find_home
from releasekit.index.layouts import simple_url
from releasekit.index.nexus import repository_url
from releasekit.model.addresses import is_loopback
from releasekit.pip_conf import read_options, set_options
from releasekit.plural import plural
from releasekit.tls.certificates import split_certificates

USER = "user"
MARKS = ("pyvenv.cfg", "conda-meta")
"""What an environment of venv or conda has at its top; pip reads pip.conf beside it."""


def run(ctx: NexusContext) -> None:
    """Show what pip and uv need to install from the group; with --apply write it."""
    plan = plan_settings(ctx)
    if not ctx.options.apply:
        if plan.changed:
            differences = plural(plan.count, "setting differs", "settings differ")
            raise ReleasekitError(SETTINGS_DIFFER, place=plan.place, differences=differences)
        return
    ctx.progress.begin("write")
    for file in plan.changed:  # the certificates come first, for the others name that file
        replace_settings_file(file.path, file.text, backup=file.backup)
    ctx.progress.finish(SettingsWritten(plan=plan))


def plan_settings(ctx: NexusContext) -> SettingsPlan:
    """Compare the files of the place with what is needed; raises BrokenSettings."""
    ctx.progress.begin("plan")
    place = find_place(ctx)
    consumer = describe_consumer(ctx, place)
    exports = find_exports(consumer, place, ctx.environ)
    ca = (_plan_ca(ctx, consumer.ca_file),) if consumer.ca_file else ()
    files = (*ca, _plan_pip(ctx, place, consumer), _plan_uv(ctx, place, consumer))
    plan = SettingsPlan(
        place=place.name,
        files=files,
        exports=render_exports(exports),
        poetry=poetry_commands(consumer),
    )
    lost = (note for file in files for note in find_lost_credentials(file.changes))
    for note in (*lost, *find_environ_notes(ctx.environ, dict(exports))):
        ctx.progress.note(note)
    ctx.progress.finish(SettingsPlanned(plan=plan))
    return plan


def describe_consumer(ctx: NexusContext, place: Place | None = None) -> Consumer:
    """Return what installs from the group; raises INSECURE_INDEX."""
    settings, cert = ctx.settings, ctx.settings.client_cert
    name = settings.group or settings.hosted
    url = simple_url(repository_url(ctx.url, name))
    if url.startswith("http://") and not is_loopback(url):
        raise ReleasekitError(INSECURE_INDEX, url=url)
    own_ca = settings.ca_bundle is not None and url.startswith("https://")
    return Consumer(
        index=name,
        index_url=url,
        ca_file=place.ca_file if place and own_ca else None,
        client_cert=str(ctx.root / expand_home(cert, ctx.environ)) if cert else None,
    )


def find_place(ctx: NexusContext) -> Place:
    """Return what `--to` names; by default the active environment, else the user's place."""
    active = ctx.environ.get("VIRTUAL_ENV")
    if ctx.options.to is None and active and _is_environment(Path(active)):
        return virtualenv_place(Path(active))
    if ctx.options.to is None or ctx.options.to == USER:
        config = find_config_home(ctx.environ)
        mac = find_home(ctx.environ) / "Library" / "Application Support" / "pip"
        is_mac = sys.platform == "darwin" and mac.is_dir()
        return user_place(config, pip_folder=mac if is_mac else None)
    folder = (ctx.root / expand_home(ctx.options.to, ctx.environ)).resolve()
    return virtualenv_place(folder) if _is_environment(folder) else folder_place(folder)


def _is_environment(folder: Path) -> bool:
    return any((folder / mark).exists() for mark in MARKS)


def _plan_pip(ctx: NexusContext, place: Place, consumer: Consumer) -> FilePlan:
    path = str(place.pip_conf)
    text = read_settings_file(place.pip_conf)
    present, wanted = read_options(text, path), pip_options(consumer)
    for note in find_pip_notes(present, wanted):
        ctx.progress.note(note)
    return _with_backup(
        FilePlan(
            path=place.pip_conf,
            changes=find_changes(wanted, present),
            text=set_options(text, wanted, path),
        )
    )


def _plan_uv(ctx: NexusContext, place: Place, consumer: Consumer) -> FilePlan:
    path = str(place.uv_toml)
    text = read_settings_file(place.uv_toml)
    present, wanted = read_uv_settings(text, consumer.index, path), uv_index(consumer)
    if "[tool.uv" in read_settings_file(place.uv_toml.with_name("pyproject.toml")):
        ctx.progress.note(f"uv: {path} switches [tool.uv] of the pyproject.toml beside it off")
    for note in find_uv_notes(present.options, present.others):
        ctx.progress.note(note)
    changes = find_changes(wanted, present.index)
    return _with_backup(
        FilePlan(
            path=place.uv_toml,
            changes=tuple(replace(change, key=f"index.{change.key}") for change in changes),
            text=set_index(text, wanted, path),
        )
    )


def _plan_ca(ctx: NexusContext, path: Path) -> FilePlan:
    """Compare the certificates: all that this run trusts, for `cert` replaces pip's own.

    But for what the file itself brings, which the lines for the shell make a variable name: a CA
    that was taken away would stay for ever.
    """
    sources = (s for s in ctx.network.trust.sources if ctx.environ.get(s.name) != str(path))
    found = dict.fromkeys(pem for source in sources for pem in split_certificates(source.pem))
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
