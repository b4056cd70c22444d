"""Setting up pip and uv for the group: what their files hold now, and what they are to hold."""

import shlex
from dataclasses import replace
from pathlib import Path

from releasekit.consumer.settings import (
    Change,
    Consumer,
    FilePlan,
    Place,
    SettingsPlanned,
    SettingsWritten,
    find_changes,
    find_environ_notes,
    find_exports,
    find_notes,
    pip_options,
    poetry_commands,
)
from releasekit.consumer.uv_toml import set_index
from releasekit.context import NexusContext
from releasekit.errors import ReleasekitError, refused, usage
from releasekit.home import find_config_home
from releasekit.index.layouts import repository_url, simple_url
from releasekit.model.access import is_loopback
from releasekit.pip_conf import find_pip_folder, read_options, set_options
from releasekit.plural import plural
from releasekit.redact import MARK, hide_credentials
from releasekit.tls.certificates import split_certificates
from releasekit.workspace import find_backup, read_settings_file, replace_settings_file


def run(ctx: NexusContext) -> None:
    """Show what pip and uv need to install from the group; with --apply write it."""
    ctx.progress.begin("plan")
    place = _find_place(ctx)
    consumer = describe_consumer(ctx, place)
    exports = find_exports(consumer, place, ctx.environ)
    ca = (_plan_ca(ctx, consumer.ca_file),) if consumer.ca_file else ()
    files = (*ca, _plan_pip(ctx, place, consumer), _plan_uv(ctx, place, consumer))
    for change in (change for file in files for change in file.changes):
        if change.old and MARK in change.old:
            ctx.progress.note(
                f"{change.key} held credentials: from now on pip and uv read them from ~/.netrc"
            )
    for note in find_environ_notes(ctx.environ, exports):
        ctx.progress.note(note)
    plan = SettingsPlanned(
        place=place.name,
        files=files,
        exports=tuple(f"export {name}={shlex.quote(value)}" for name, value in exports.items()),
        poetry=poetry_commands(consumer),
    )
    ctx.progress.finish(plan)
    if plan.changed and not ctx.options.apply:
        differences = plural(plan.count, "setting differs", "settings differ")
        raise ReleasekitError(refused.SETTINGS_DIFFER, place=plan.place, differences=differences)
    if not ctx.options.apply:
        return
    ctx.progress.begin("write")
    for file in plan.changed:  # the certificates come first, for the others name that file
        replace_settings_file(file.path, file.text, backup=file.backup)
    ctx.progress.finish(
        SettingsWritten(
            place=plan.place, files=plan.files, exports=plan.exports, poetry=plan.poetry
        )
    )


def describe_consumer(ctx: NexusContext, place: Place | None = None) -> Consumer:
    """Return what installs from the group; raises INSECURE_INDEX."""
    settings, cert = ctx.settings, ctx.settings.client_cert
    name = settings.group or settings.hosted
    url = simple_url(repository_url(ctx.url, name))
    if url.startswith("http://") and not is_loopback(url):
        raise ReleasekitError(usage.INSECURE_INDEX, url=url)
    own_ca = settings.ca_bundle is not None and url.startswith("https://")
    return Consumer(
        index=name,
        index_url=url,
        ca_file=place.folder / "releasekit-ca.pem" if place and own_ca else None,
        client_cert=str(ctx.resolve(cert)) if cert else None,
    )


def _find_place(ctx: NexusContext) -> Place:
    """Return what `--to` names; by default the active environment, else the user's place."""
    to, active = ctx.options.to, ctx.environ.get("VIRTUAL_ENV")
    if to is None and active and _is_environment(Path(active)):
        folder = Path(active)
    elif to in (None, "user"):
        uv_toml = find_config_home(ctx.environ) / "uv" / "uv.toml"
        return Place(name="user", folder=find_pip_folder(ctx.environ), uv_toml=uv_toml)
    else:
        folder = ctx.resolve(to).resolve()
    is_environment = _is_environment(folder)  # pip finds its file there by itself
    return Place(
        name=f"{'virtualenv' if is_environment else 'directory'} {folder}",
        folder=folder,
        uv_toml=folder / "uv.toml",
        exports=(*(() if is_environment else ("PIP_CONFIG_FILE",)), "UV_CONFIG_FILE"),
    )


def _is_environment(folder: Path) -> bool:
    """Tell whether it is an environment of venv or conda: pip reads pip.conf at its top."""
    return (folder / "pyvenv.cfg").exists() or (folder / "conda-meta").exists()


def _plan_pip(ctx: NexusContext, place: Place, consumer: Consumer) -> FilePlan:
    path = str(place.pip_conf)
    text = read_settings_file(place.pip_conf)
    present, wanted = read_options(text, path), pip_options(consumer)
    for note in find_notes("pip", present, wanted):
        ctx.progress.note(note)
    changes = find_changes(wanted, present)
    return _plan_file(place.pip_conf, changes, set_options(text, wanted, path))


def _plan_uv(ctx: NexusContext, place: Place, consumer: Consumer) -> FilePlan:
    path = str(place.uv_toml)
    text = read_settings_file(place.uv_toml)
    # `default` leaves the public index out.
    wanted = {"name": consumer.index, "url": consumer.index_url, "default": "true"}
    present = set_index(text, wanted, path)
    if "[tool.uv" in read_settings_file(place.uv_toml.with_name("pyproject.toml")):
        ctx.progress.note(f"uv: {path} switches [tool.uv] of the pyproject.toml beside it off")
    for name, url in present.others.items():
        shown = hide_credentials(url, MARK)
        ctx.progress.note(f"uv: index {name} ({shown}) stays: uv asks it before the group")
    for note in find_notes("uv", present.options, {}):
        ctx.progress.note(note)
    found = find_changes(wanted, present.index)
    changes = tuple(replace(change, key=f"index.{change.key}") for change in found)
    return _plan_file(place.uv_toml, changes, present.text)


def _plan_file(path: Path, changes: tuple[Change, ...], text: str) -> FilePlan:
    is_replaced = any(change.old is not None for change in changes)
    backup = find_backup(path) if is_replaced else None
    return FilePlan(path=path, changes=changes, text=text, backup=backup)


def _plan_ca(ctx: NexusContext, path: Path) -> FilePlan:
    """Compare the certificates: all that this run trusts, for `cert` replaces pip's own.

    But for what the file itself brings, which the lines for the shell make a variable name: a CA
    that was taken away would stay for ever.
    """
    sources = (s for s in ctx.network.trust.sources if ctx.environ.get(s.name) != str(path))
    found = dict.fromkeys(pem for source in sources for pem in split_certificates(source.pem))
    text = "".join(f"{certificate}\n" for certificate in found)
    old = read_settings_file(path)
    before, after = (str(pem.count("-----BEGIN ")) for pem in (old, text))
    change = Change(key="certificates", old=before if old else None, new=after)
    return FilePlan(path=path, changes=(change,) if old != text else (), text=text)
