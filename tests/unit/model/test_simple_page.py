from __future__ import annotations

import contextlib
import html

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from releasekit.model.published import (
    NotAnIndexPageError,
    ProjectPage,
    PublishedFile,
    is_root_page,
    parse_project_page,
    parse_root_page,
)

URL = "https://nexus.example.com/repository/pypi-group/simple/demo/"
PACKAGES = "https://nexus.example.com/repository/pypi-group/packages/demo/1.0"

NEXUS = """\
<!DOCTYPE html>
<html lang="en">
<head><title>Links for demo</title>
    <meta name="api-version" value="2"/>
</head>
<body><h1>Links for demo</h1>
    <a href="../../packages/demo/1.0/demo-1.0-py3-none-any.whl#md5=0AF1" rel="internal"
       data-requires-python="&gt;=3.10">demo-1.0-py3-none-any.whl</a><br/>
    <a href="../../packages/demo/1.0/demo-1.0%2Bb.tar.gz#sha256=ab&amp;md5=cd">x</a><br/>
</body>
</html>
"""


def test_page_of_nexus_is_read_whole() -> None:
    assert parse_project_page(NEXUS, URL) == ProjectPage(
        title="Links for demo",
        files=(
            PublishedFile(
                filename="demo-1.0-py3-none-any.whl",
                url=f"{PACKAGES}/demo-1.0-py3-none-any.whl",
                hashes=(("md5", "0af1"),),
            ),
            PublishedFile(
                filename="demo-1.0+b.tar.gz",
                url=f"{PACKAGES}/demo-1.0%2Bb.tar.gz",
                hashes=(("sha256", "ab"), ("md5", "cd")),
            ),
        ),
    )


def test_links_start_from_the_base_of_the_page() -> None:
    page = '<base href="../files/"><base href="/other/"><a href="demo-1.0.tar.gz#md5=ab">x</a>'
    (file,) = parse_project_page(page, URL).files
    place = "https://nexus.example.com/repository/pypi-group/simple/files/demo-1.0.tar.gz"
    assert file.url == place


def test_a_base_that_is_no_address_is_left_out() -> None:
    page = '<base href="http://["><a href="demo-1.0.tar.gz#md5=ab">x</a>'
    (file,) = parse_project_page(page, URL).files
    assert file.url == f"{URL}demo-1.0.tar.gz"


@pytest.mark.parametrize(
    "page",
    [
        pytest.param("<title>Links for demo</title>", id="title of PEP 503"),
        pytest.param('<meta name="pypi:repository-version" content="1.0">', id="PEP 629"),
        pytest.param('<meta name="api-version" value="2"/>', id="Nexus"),
    ],
)
def test_page_without_files_is_an_index_page_by_its_marks(page: str) -> None:
    assert parse_project_page(page, URL).files == ()


def test_links_with_digests_need_no_other_mark() -> None:
    page = parse_project_page('<a href="/demo-1.0.tar.gz#sha256=ab">demo</a>', URL)
    url = "https://nexus.example.com/demo-1.0.tar.gz"
    file = PublishedFile(filename="demo-1.0.tar.gz", url=url, hashes=(("sha256", "ab"),))
    assert page == ProjectPage(title="", files=(file,))


@pytest.mark.parametrize(
    ("page", "message"),
    [
        pytest.param("<title> Sign in </title><a href='/help'>?</a>", "Sign in", id="login"),
        pytest.param("<p>It works!</p>", "<p>It works!</p>", id="no title"),
        pytest.param("x" * 99, "x" * 80, id="long"),
        pytest.param("", "", id="empty"),
        pytest.param("<![foo[ bar", "<![foo[ bar", id="what html.parser cannot read"),
    ],
)
def test_other_pages_are_refused_with_their_title(page: str, message: str) -> None:
    with pytest.raises(NotAnIndexPageError) as caught:
        parse_project_page(page, URL)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "link",
    [
        pytest.param('<a href="../">up</a>', id="directory"),
        pytest.param('<a href="">empty</a>', id="empty"),
        pytest.param('<a name="top">anchor</a>', id="no href"),
        pytest.param('<a href="http://[">x</a>', id="no address"),
    ],
)
def test_what_links_to_no_file_is_left_out(link: str) -> None:
    assert parse_project_page(f"<title>Links for demo</title>{link}", URL).files == ()


@pytest.mark.parametrize(
    ("page", "is_root"),
    [
        pytest.param("<title>Simple index</title>", True, id="title of PEP 503"),
        pytest.param("<html><head><title>\n Simple Index \n</title>", True, id="pypiserver"),
        pytest.param('<meta name="pypi:repository-version" content="1.3">', True, id="PEP 629"),
        pytest.param('<title>x</title><meta name="api-version" value="2"/>', True, id="Nexus"),
        pytest.param("<title>Simple index</title><![foo[", True, id="with what cannot be read"),
        pytest.param("<title>Sign in</title><a href='/help'>?</a>", False, id="login"),
        pytest.param("<h1>Simple index</h1>", False, id="the words elsewhere"),
        pytest.param("<title>No simple index</title>", False, id="the words later"),
        pytest.param('<meta name="viewport">', False, id="another meta"),
        pytest.param("", False, id="empty"),
    ],
)
def test_root_of_an_index_is_known_by_its_marks(page: str, is_root: bool) -> None:
    assert is_root_page(page, "simple index") is is_root


def test_first_of_two_files_with_one_name_is_found() -> None:
    links = '<a href="/a/x.zip#md5=aa">x</a><a href="/b/x.zip#md5=bb">x</a>'
    page = parse_project_page(links, URL)
    assert page.find("x.zip") == page.files[0]
    assert page.find("y.zip") is None


def test_digest_is_none_where_the_page_lacks_it() -> None:
    file = PublishedFile(
        filename="x.zip", url="https://h.example.com/x.zip", hashes=(("md5", "a"),)
    )
    assert (file.digest("md5"), file.digest("sha256")) == ("a", None)


names = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=9)
digests = st.text("0123456789abcdef", min_size=1, max_size=64)


@given(st.lists(st.tuples(names, st.sampled_from(["sha256", "md5"]), digests), max_size=5))
def test_every_listed_file_is_read_back(files: list[tuple[str, str, str]]) -> None:
    links = "".join(
        f'<a href="{html.escape(name)}.whl#{algorithm}={digest}">{name}</a>'
        for name, algorithm, digest in files
    )
    page = parse_project_page(f"<title>Links for demo</title>{links}", "https://h.example.com/")
    assert page.files == tuple(
        PublishedFile(
            filename=f"{name}.whl",
            url=f"https://h.example.com/{name}.whl",
            hashes=((algorithm, digest),),
        )
        for name, algorithm, digest in files
    )


@given(st.text(st.sampled_from('<>!-[]/ahref="title Links for&;#md5=0:?\\\u2100'), max_size=60))
@example("<![foo[ ")
@example('<a href="http://a\u2100b/x#md5=0">')
def test_any_text_is_an_index_page_or_refused(text: str) -> None:
    with contextlib.suppress(NotAnIndexPageError):
        assert isinstance(parse_project_page(text, URL), ProjectPage)
    assert is_root_page(text, "simple index") in (True, False)


@pytest.mark.parametrize(
    ("page", "names"),
    [
        pytest.param(
            '<title>Simple index</title><a href="demo-pkg/">demo-pkg</a><a href="/simple/B">B</a>',
            ("demo-pkg", "B"),
            id="relative and absolute",
        ),
        pytest.param('<a href="/"></a><a href="x%2By/">', ("x+y",), id="empty and escaped"),
        pytest.param("<![odd[ <a href='x/'>", (), id="not readable"),
        pytest.param('<a href="http://[x"></a><a href="y/">', ("y",), id="no address"),
    ],
)
def test_names_of_a_root_page(page: str, names: tuple[str, ...]) -> None:
    assert parse_root_page(page) == names
