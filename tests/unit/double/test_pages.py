from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from nexus_double import Sandbox
    from unit.double.conftest import Client

HOSTED = """\
<html lang="en">
<head><title>Links for rp</title>
  <meta name="api-version" value="2"/>
</head>
<body><h1>Links for rp</h1>
    <a href="../../packages/rp/3/rp-3-py3-none-any.whl.asc#md5=3311842a74c4736836a29eefbc1ea464" \
rel="internal">rp-3-py3-none-any.whl.asc</a><br/>
    <a href="../../packages/rp/3/rp-3-py3-none-any.whl#md5=eccbc87e4b5ce2fe28308fd9f2a7baf3" \
rel="internal"       data-requires-python="&gt;=3.9" >rp-3-py3-none-any.whl</a><br/>
    <a href="../../packages/rp/2/rp-2-py3-none-any.whl#md5=c81e728d9d4c2f636f067f89cc14862c" \
rel="internal">rp-2-py3-none-any.whl</a><br/>
    <a href="../../packages/rp/10/RP-10.tar.gz#md5=d3d9446802a44259755d38e6d163e820" \
rel="internal">RP-10.tar.gz</a><br/>
</body>
</html>
"""
GROUP = """\
<html lang="en">
<head><title>Links for rp</title>
  <meta name="api-version" value="2"/>
</head>
<body><h1>Links for rp</h1>
    <a href="../../packages/rp/10/RP-10.tar.gz#md5=d3d9446802a44259755d38e6d163e820" \
rel="internal">RP-10.tar.gz</a><br/>
    <a href="../../packages/rp/2/rp-2-py3-none-any.whl#md5=c81e728d9d4c2f636f067f89cc14862c" \
rel="internal">rp-2-py3-none-any.whl</a><br/>
    <a href="../../packages/rp/3/rp-3-py3-none-any.whl#md5=eccbc87e4b5ce2fe28308fd9f2a7baf3" \
rel="internal"       data-requires-python="&gt;=3.9" >rp-3-py3-none-any.whl</a><br/>
    <a href="../../packages/rp/3/rp-3-py3-none-any.whl.asc#md5=3311842a74c4736836a29eefbc1ea464" \
rel="internal">rp-3-py3-none-any.whl.asc</a><br/>
</body>
</html>
"""
EMPTY = """\
<html lang="en">
<head><title>Links for Nobody_Has</title>
  <meta name="api-version" value="2"/>
</head>
<body><h1>Links for Nobody_Has</h1>
</body>
</html>
"""
PROXY = """\
<html lang="en">
<head><title>Links for extli</title>
  <meta name="api-version" value="2"/>
</head>
<body><h1>Links for extli</h1>
    <a href="../../packages/extlib/1/extlib-1.tar.gz#sha256=\
ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb" rel="internal">\
extlib-1.tar.gz</a><br/>
</body>
</html>
"""
ROOT = """\
<html>
<head>
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8">
  <title>Simple index</title>
</head>
<body>
{}</body>
</html>
"""


def store_some(sandbox: Sandbox) -> None:
    store = sandbox.state.store
    for version, python in (("2", ""), ("3", ">=3.9")):
        wheel = f"rp-{version}-py3-none-any.whl"
        content = version.encode()
        store(
            "pypi-hosted",
            project="rp",
            version=version,
            filename=wheel,
            content=content,
            requires_python=python,
        )
    store("pypi-hosted", project="rp", version="10", filename="RP-10.tar.gz", content=b"10")
    store("pypi-hosted", project="rp", version="3", filename=f"{wheel}.asc", content=b"sig")


def test_hosted_page_is_descending_by_path(client: Client) -> None:
    store_some(client.sandbox)
    assert client.get("simple/rp/").text == HOSTED


def test_group_page_is_ascending_by_lower_case_file_name(client: Client) -> None:
    store_some(client.sandbox)
    assert client.get("simple/rp/", "pypi-group").text == GROUP


def test_group_page_of_an_unknown_project_is_empty(client: Client) -> None:
    answer = client.get("simple/Nobody_Has/", "pypi-group")
    assert (answer.status_code, answer.text) == (200, EMPTY)


def test_proxy_page_keeps_the_fragment_and_its_title_lacks_a_letter(
    client: Client, remote: Path
) -> None:
    (remote / "extlib-1.tar.gz").write_bytes(b"a")
    assert client.get("simple/extlib/", "pypi-proxy").text == PROXY


def test_roots_list_names_ascending(client: Client, remote: Path) -> None:
    (remote / "far-1.tar.gz").write_bytes(b"a")
    client.upload(name="rp")
    client.upload(name="Demo_Pkg")
    lines = [f'  <a href="{name}/">{name}</a><br/>\n' for name in ("demo-pkg", "far", "rp")]
    roots = {name: client.get("simple/", f"pypi-{name}").text for name in ("hosted", "group")}
    roots["proxy"] = client.get("simple/", "pypi-proxy").text
    assert roots == {
        "hosted": ROOT.format(lines[0] + lines[2]),
        "group": ROOT.format("".join(lines)),
        "proxy": ROOT.format(lines[1]),
    }


def test_an_empty_name_is_listed(client: Client) -> None:
    client.upload(name="")
    assert client.get("simple/").text == ROOT.format('  <a href="/"></a><br/>\n')


def test_file_names_are_not_escaped(client: Client) -> None:
    client.upload('vv-6"<b>.whl')
    assert ">vv-6%22<b>.whl</a>" in client.get("simple/rp/").text
