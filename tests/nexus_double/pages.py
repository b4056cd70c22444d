"""The HTML of a Nexus 3.30.0-01, byte for byte: tests/contract holds it to a real one."""

from __future__ import annotations

from collections.abc import Iterable
from html.entities import codepoint2name
from string import Template

from .values import Link

RELEASE = "3.30.0-01"

_PROJECT = """\
<html lang="en">
<head><title>Links for {name}</title>
  <meta name="api-version" value="2"/>
</head>
<body><h1>Links for {name}</h1>
{links}</body>
</html>
"""
_ROOT = """\
<html>
<head>
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8">
  <title>Simple index</title>
</head>
<body>
{links}</body>
</html>
"""
_SHELL = Template("""\

<!DOCTYPE html>
<html lang="en">
<head>
  <title>$title - Nexus Repository Manager</title>
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8"/>


  <!--[if lt IE 9]>
  <script>(new Image).src="$base/favicon.ico?$release"</script>
  <![endif]-->
  <link rel="icon" type="image/png" href="$base/favicon-32x32.png?$release" sizes="32x32">
  <link rel="mask-icon" href="$base/safari-pinned-tab.svg?$release" color="#5bbad5">
  <link rel="icon" type="image/png" href="$base/favicon-16x16.png?$release" sizes="16x16">
  <link rel="shortcut icon" href="$base/favicon.ico?$release">
  <meta name="msapplication-TileImage" content="$base/mstile-144x144.png?$release">
  <meta name="msapplication-TileColor" content="#00a300">

  <link rel="stylesheet" type="text/css" href="$base/static/css/nexus-content.css?$release"/>
</head>
<body>
<div class="nexus-header">
  <a href="$base">
    <div class="product-logo">
      <img src="$icons/nexus-white.png?$release" alt="Product logo"/>
    </div>
    <div class="product-id">
      <div class="product-id__line-1">
        <span class="product-name">Nexus Repository Manager</span>
      </div>
      <div class="product-id__line-2">
        <span class="product-spec">OSS $release</span>
      </div>
    </div>
  </a>
</div>

<div class="nexus-body">
  <div class="content-header">
$body
</body>
</html>
""")
# Both as measured: one has a line end too many, the other a `</div>` too few.
_ERROR = Template("""\
    <img src="$icons/exclamation.png?$release" alt="Exclamation point" aria-role="presentation"/>
    <span class="title">Error $status</span>
    <span class="description">$phrase</span>
  </div>
  <div class="content-body">
    <div class="content-section">
      $message
    </div>
  </div>
</div>""")
_DIRECTORY = Template("""\
    <img src="$icons/database.png?$release" alt="Repository image"/>
    <span class="title">Repository</span>
    <span class="description">$name</span>
  </div>

  <div class="content-body">
    <div class="content-section">
      <p>
        This pypi $kind repository is not directly browseable at this URL.
      </p>

      <p>
        Please use the <a href="$base/#browse/browse:$name">browse</a>
        or <a href="$base/service/rest/repository/browse/$name/">HTML index</a>
        views to inspect the contents of this repository.
      </p>
    </div>
  </div>""")


def render_project(name: str, links: Iterable[Link]) -> bytes:
    """Render a project page; file names are not escaped, as measured."""
    return _PROJECT.format(name=name, links="".join(map(_render_link, links))).encode()


def _render_link(link: Link) -> str:
    fragment = f"#{link.fragment}" if link.fragment else ""
    requires = ""
    if link.requires_python:
        requires = f'       data-requires-python="{_escape(link.requires_python)}" '
    return (
        f'    <a href="../../{link.path}{fragment}" rel="internal"{requires}>'
        f"{link.filename}</a><br/>\n"
    )


def _escape(text: str) -> str:
    """Escape as the server does: names for what has one, apostrophes left alone."""
    return "".join(_escape_one(one) for one in text)


def _escape_one(character: str) -> str:
    name = codepoint2name.get(ord(character))
    return f"&{name};" if name else character


def render_root(names: Iterable[str]) -> bytes:
    """Render the page that lists all projects."""
    links = "".join(f'  <a href="{name}/">{name}</a><br/>\n' for name in names)
    return _ROOT.format(links=links).encode()


def render_error(status: int, phrase: str, message: str, base: str) -> bytes:
    """Render the error page; base is the address that the client used."""
    words = {"status": str(status), "phrase": phrase, "message": _escape(message)}
    return _render_shell(str(status), _ERROR, words, base) + b"\n"


def render_not_browseable(name: str, kind: str, base: str) -> bytes:
    """Render what a repository answers for a directory that is not an index."""
    words = {"name": _escape(name), "kind": kind}
    return _render_shell("Repository", _DIRECTORY, words, base)


def _render_shell(title: str, body: Template, words: dict[str, str], base: str) -> bytes:
    places = {"base": base, "icons": f"{base}/static/rapture/resources/icons/x32"}
    inner = body.substitute(words, release=RELEASE, **places)
    return _SHELL.substitute(title=title, body=inner, release=RELEASE, **places).encode()


def render_login() -> bytes:
    """Render what a front server shows to everybody who is not signed in."""
    return (
        b"<!DOCTYPE html>\n<html>\n<head><title>Sign in</title></head>\n<body>\n"
        b'<form method="post" action="/login"><input name="username">'
        b'<input name="password" type="password"></form>\n</body>\n</html>\n'
    )
