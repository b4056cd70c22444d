"""Whole answers of Nexus 3.30.0-01: what both servers must give."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from html import escape
from http import HTTPStatus

from contract.servers import ZIP
from contract.wire import HOST, Answer

SHA1 = hashlib.sha1(ZIP).hexdigest()
MD5 = hashlib.md5(ZIP).hexdigest()
ETAG = f'"{{SHA1{{{SHA1}}}}}"'

Headers = dict[str, str]

STANDARD: Headers = {
    "server": "Nexus/3.30.0-01 (OSS)",
    "strict-transport-security": "max-age=7776000",
    "x-content-type-options": "nosniff",
}
REPOSITORY: Headers = {
    **STANDARD,
    "content-security-policy": (
        "sandbox allow-forms allow-modals allow-popups allow-presentation allow-scripts "
        "allow-top-navigation"
    ),
    "x-xss-protection": "1; mode=block",
}
DATED: Headers = {"date": "DATE", **REPOSITORY}
PAGED: Headers = {
    "cache-control": "no-cache, no-store, max-age=0, must-revalidate, post-check=0, pre-check=0",
    "content-type": "text/html",
    "expires": "0",
    "pragma": "no-cache",
    "x-frame-options": "DENY",
}
CHALLENGE: Headers = {"www-authenticate": 'BASIC realm="Sonatype Nexus Repository Manager"'}

NO_SLASH = "Repository path must have another '/' after initial '/'"
RELATIVE = "Repository path must not contain a relative token"
NO_REPOSITORY = "Repository not found"
NO_UPDATE = "Repository does not allow updating assets: {repository}"
NO_DELETE = "Repository does not allow deleting assets: {repository}"
READ_ONLY = "Repository is read only: {repository}"
OFFLINE = "Repository offline"
FROZEN = "Nexus Repository Manager is in read-only mode"
BLOCKED = "Routing rules block the requested item from this repository"
GZIP = (
    "application/x-gzip, application/gzip, application/x-tgz, application/gzip-compressed, "
    "application/gzipped, application/x-gunzip, application/x-gzip-compressed, gzip/document"
)
ZIPPED = "application/zip, application/x-zip-compressed"


def make_answer(status: int, reason: str, headers: Headers, body: bytes = b"") -> Answer:
    """Give an answer with the length of its body."""
    sized = {**headers, "content-length": str(len(body))}
    return Answer(status=status, reason=reason, headers=tuple(sorted(sized.items())), body=body)


def headless(answer: Answer) -> Answer:
    """Give what HEAD gets where GET gets this answer."""
    return replace(answer, body=b"")


TAKEN = make_answer(200, "OK", DATED)
"""An upload that was stored: an empty page without a type."""
WRONG_LOGIN = make_answer(401, "Unauthorized", {"date": "DATE", **STANDARD, **CHALLENGE})
NO_LOGIN = make_answer(401, "Unauthorized", {**DATED, **CHALLENGE})


def page(body: str, *, etag: str | None = None) -> Answer:
    """Give an index page."""
    tagged = {} if etag is None else {"etag": etag}
    headers = {**DATED, **tagged, "last-modified": "DATE", "content-type": "text/html"}
    return make_answer(200, "OK", headers, body.encode())


def file(
    content: bytes = ZIP,
    *,
    media_type: str = "application/zip",
    etag: str | None = None,
    modified: str = "DATE",
) -> Answer:
    """Give a file; its ETag is made of its SHA-1 unless it is another's."""
    tag = etag or f'"{{SHA1{{{hashlib.sha1(content).hexdigest()}}}}}"'
    headers = {**DATED, "last-modified": modified, "content-type": media_type, "etag": tag}
    return make_answer(200, "OK", headers, content)


def part(whole: Answer, start: int, stop: int) -> Answer:
    """Give a range of an answer."""
    headers = {
        **dict(whole.headers),
        "content-range": f"bytes {start}-{stop - 1}/{len(whole.body)}",
    }
    return make_answer(206, "Partial Content", headers, whole.body[start:stop])


def unchanged(whole: Answer) -> Answer:
    """Give 304: of the headers of the whole only the ETag is left, and no length."""
    kept = {name: value for name, value in whole.headers if name in {"etag", *DATED}}
    headers = tuple(sorted(kept.items()))
    return Answer(status=304, reason="Not Modified", headers=headers)


def bare(status: int, reason: str, headers: Headers = REPOSITORY) -> Answer:
    """Give an error without a page, as PUT, DELETE and the like get it."""
    return make_answer(status, reason, headers)


STANDARD_MESSAGES = {416: "Range Not Satisfiable", 500: "Server Error"}
PHRASES = {416: "Requested Range Not Satisfiable"}


def error(status: int, message: str | None = None, headers: Headers = REPOSITORY) -> Answer:
    """Give an error page; no message means the standard phrase."""
    phrase = PHRASES.get(status) or HTTPStatus(status).phrase
    text = message or STANDARD_MESSAGES.get(status) or phrase
    body = render_error(status, phrase, text)
    # A client that reads a status line takes the blanks around its reason away.
    return make_answer(status, text.strip(), {**headers, **PAGED}, body.encode())


def fill(answer: Answer, **names: str) -> Answer:
    """Put names in the place of `{repository}` and the like, also in the length."""
    body = answer.body
    for name, value in names.items():
        body = body.replace(f"{{{name}}}".encode(), value.encode())
        answer = replace(answer, reason=answer.reason.replace(f"{{{name}}}", value))
    return make_answer(answer.status, answer.reason, dict(answer.headers), body)


HEAD = """
<!DOCTYPE html>
<html lang="en">
<head>
  <title>{title} - Nexus Repository Manager</title>
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8"/>


  <!--[if lt IE 9]>
  <script>(new Image).src="{base}/favicon.ico?3.30.0-01"</script>
  <![endif]-->
  <link rel="icon" type="image/png" href="{base}/favicon-32x32.png?3.30.0-01" sizes="32x32">
  <link rel="mask-icon" href="{base}/safari-pinned-tab.svg?3.30.0-01" color="#5bbad5">
  <link rel="icon" type="image/png" href="{base}/favicon-16x16.png?3.30.0-01" sizes="16x16">
  <link rel="shortcut icon" href="{base}/favicon.ico?3.30.0-01">
  <meta name="msapplication-TileImage" content="{base}/mstile-144x144.png?3.30.0-01">
  <meta name="msapplication-TileColor" content="#00a300">

  <link rel="stylesheet" type="text/css" href="{base}/static/css/nexus-content.css?3.30.0-01"/>
</head>
<body>
<div class="nexus-header">
  <a href="{base}">
    <div class="product-logo">
      <img src="{base}/static/rapture/resources/icons/x32/nexus-white.png?3.30.0-01" \
alt="Product logo"/>
    </div>
    <div class="product-id">
      <div class="product-id__line-1">
        <span class="product-name">Nexus Repository Manager</span>
      </div>
      <div class="product-id__line-2">
        <span class="product-spec">OSS 3.30.0-01</span>
      </div>
    </div>
  </a>
</div>

<div class="nexus-body">
  <div class="content-header">
    <img src="{base}/static/rapture/resources/icons/x32/{icon}.png?3.30.0-01" alt="{alt}"/>
"""
ERROR = """\
    <span class="title">Error {status}</span>
    <span class="description">{phrase}</span>
  </div>
  <div class="content-body">
    <div class="content-section">
      {text}
    </div>
  </div>
</div>
</body>
</html>

"""
DIRECTORY = """\
    <span class="title">Repository</span>
    <span class="description">{{repository}}</span>
  </div>

  <div class="content-body">
    <div class="content-section">
      <p>
        This pypi {kind} repository is not directly browseable at this URL.
      </p>

      <p>
        Please use the <a href="{base}/#browse/browse:{{repository}}">browse</a>
        or <a href="{base}/service/rest/repository/browse/{{repository}}/">HTML index</a>
        views to inspect the contents of this repository.
      </p>
    </div>
  </div>
</body>
</html>
"""
BASE = f"https://{HOST}"


def render_error(status: int, phrase: str, text: str, base: str = BASE) -> str:
    """Render the error page; links follow the address of the request."""
    alt = 'Exclamation point" aria-role="presentation'
    head = HEAD.format(title=status, base=base, icon="exclamation", alt=alt)
    shown = escape(text, quote=False).replace('"', "&quot;").replace("\u20ac", "&euro;")
    return head + ERROR.format(status=status, phrase=phrase, text=shown)


def directory(kind: str) -> Answer:
    """Give what a directory that is no index shows."""
    head = HEAD.format(title="Repository", base=BASE, icon="database", alt="Repository image")
    body = head + DIRECTORY.format(kind=kind, base=BASE)
    return make_answer(200, "OK", {**DATED, "content-type": "text/html"}, body.encode())


def project(name: str, *links: str) -> str:
    """Render a project page of these lines."""
    return (
        f'<html lang="en">\n<head><title>Links for {name}</title>\n'
        '  <meta name="api-version" value="2"/>\n'
        f"</head>\n<body><h1>Links for {name}</h1>\n{''.join(links)}</body>\n</html>\n"
    )


def link(path: str, fragment: str = f"md5={MD5}", *, requires: str | None = None) -> str:
    """Render one line; its text is the last part of the path."""
    target = f"{path}#{fragment}" if fragment else path
    python = "" if requires is None else f'       data-requires-python="{requires}" '
    text = path.rpartition("/")[2]
    return f'    <a href="../../packages/{target}" rel="internal"{python}>{text}</a><br/>\n'


def root(*names: str) -> str:
    """Render the list of projects."""
    lines = "".join(f'  <a href="{name}/">{name}</a><br/>\n' for name in names)
    return (
        '<html>\n<head>\n  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8">\n'
        f"  <title>Simple index</title>\n</head>\n<body>\n{lines}</body>\n</html>\n"
    )
