"""What an upload is answered with."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Callable

import pytest

from contract.expected import (
    ETAG,
    GZIP,
    MD5,
    NO_REPOSITORY,
    NO_SLASH,
    NO_UPDATE,
    TAKEN,
    WRONG_LOGIN,
    ZIPPED,
    error,
    file,
    fill,
    link,
    page,
    project,
    root,
)
from contract.servers import WHEEL, ZIP, Server, Workshop, make_upload
from contract.wire import FORM_TYPE, Answer, Login, Part, render_form

Parts = tuple[Part, ...]
OTHER = ZIP + b"2"
TGZ = gzip.compress(b"x" * 99, mtime=0)


def upload(filename: str = WHEEL, content: bytes = ZIP, **fields: str) -> Parts:
    return make_upload(filename, content, **fields)


def without(*names: str) -> Parts:
    return tuple(part for part in upload() if part.name not in names)


SIGNATURE = Part(name="gpg_signature", content=b"signed\n", filename="rp.asc")

ACCEPTED = {
    "the usual form": upload(),
    "an empty project name": upload(name=""),
    "an empty version": upload(version=""),
    "an empty file name": upload(""),
    "the right md5": upload(md5_digest=MD5),
    "the right md5 in upper case": upload(md5_digest=MD5.upper()),
    "a wrong sha256": upload(sha256_digest="0" * 64),
    "a wrong blake2": upload(blake2_256_digest="0" * 64),
    "no metadata version": without("metadata_version"),
    "an unknown metadata version": upload(metadata_version="9.9"),
    "no protocol version": without("protocol_version"),
    "a file of another project": upload("other-7-py3-none-any.whl"),
    "text as a wheel": upload(content=b"just text"),
    "HTML as a wheel": upload(content=b"<html></html>"),
    "any bytes as a wheel": upload(content=b"\x00\x01"),
    "a gzip as a wheel": upload(content=TGZ),
    "an egg": upload("a.egg"),
    "a name without an end": upload("a"),
    "a truncated tar.gz": upload("a.tar.gz", TGZ[:9]),
    "an empty tar.gz": upload("a.tar.gz", b""),
    "an empty txt": upload("a.txt", b""),
    "a description of 2 MB": upload(description="x" * (2 << 20)),
    "the file before the fields": tuple(reversed(upload())),
    "a signature as a field": (*upload(), Part(name="gpg_signature", content=b"x")),
}


@pytest.mark.parametrize("parts", ACCEPTED.values(), ids=ACCEPTED)
def test_an_upload_is_taken_with(server: Server, hosted: str, parts: Parts) -> None:
    assert server.post(hosted, *parts).settled == TAKEN


def mismatch(filename: str, detected: str, promised: str) -> Answer:
    text = f"Detected content type [{detected}], but expected [{promised}]: packages/rp/1/"
    return error(404, text + filename)


def wrong_digest(sent: str) -> Answer:
    return error(400, f"Digests do not match, found: {MD5}, expected: {sent}")


UNKNOWN = f"Content type could not be determined: packages/rp/1/{WHEEL}"
PDF, XML = "application/pdf, application/x-pdf", "application/xml, application/x-xml, text/xml"
PLAIN_GZIP = (
    "application/gzip, application/gzip-compressed, application/gzipped, application/x-gunzip, "
    "application/x-gzip, application/x-gzip-compressed, gzip/document"
)
BROKEN = error(500)
REFUSED: dict[str, tuple[Parts, Answer]] = {
    "no action": (without(":action"), BROKEN),
    "another action": (upload(action="submit"), BROKEN),
    "no project name": (without("name"), BROKEN),
    "no version": (without("version"), BROKEN),
    "no file": (without("content"), BROKEN),
    "two files": ((*upload(), *upload("b.whl")[-1:]), BROKEN),
    "the file as a field": ((*without("content"), Part(name="content", content=ZIP)), BROKEN),
    "a wrong md5": (upload(md5_digest="abc"), wrong_digest("abc")),
    "an empty md5": (upload(md5_digest=""), wrong_digest("")),
    "a blank around the md5": (upload(md5_digest=f" {MD5}"), wrong_digest(f" {MD5}")),
    "a md5 that needs escaping": (upload(md5_digest="<b>'\"&"), wrong_digest("<b>'\"&")),
    "an empty wheel": (upload(content=b""), error(404, UNKNOWN)),
    "text as tar.gz": (
        upload("a.tar.gz", b"text"),
        mismatch("a.tar.gz", "text/plain", GZIP),
    ),
    "HTML as tar.gz": (
        upload("a.tar.gz", b"<html><body>no</body></html>"),
        mismatch("a.tar.gz", "text/html", GZIP),
    ),
    "a zip as tar.gz": (upload("a.tar.gz"), mismatch("a.tar.gz", ZIPPED, GZIP)),
    "any bytes as tar.gz": (
        upload("a.tar.gz", b"\x00\x01"),
        mismatch("a.tar.gz", "text/plain", GZIP),
    ),
    "text as zip": (upload("a.zip", b"text"), mismatch("a.zip", "text/plain", ZIPPED)),
    "a gzip as zip": (upload("a.zip", TGZ), mismatch("a.zip", PLAIN_GZIP, ZIPPED)),
    "a PDF as zip": (upload("a.zip", b"%PDF-1.4"), mismatch("a.zip", PDF, ZIPPED)),
    "XML as zip": (upload("a.zip", b"<?xml version='1.0'?><a/>"), mismatch("a.zip", XML, ZIPPED)),
    "text as tar.bz2": (
        upload("a.tar.bz2", b"text"),
        mismatch("a.tar.bz2", "text/plain", "application/x-bzip2"),
    ),
    "text as tar": (
        upload("a.tar", b"text"),
        mismatch("a.tar", "text/plain", "application/x-tar"),
    ),
    "text as exe": (
        upload("a.exe", b"text"),
        mismatch(
            "a.exe",
            "text/plain",
            "application/x-executable, application/x-dosexec, application/x-msdownload",
        ),
    ),
    "HTML as txt": (upload("a.txt", b"<html>"), mismatch("a.txt", "text/html", "text/plain")),
    "a zip as asc": (upload("a.asc"), mismatch("a.asc.txt", ZIPPED, "text/plain")),
    "a zip as signature": (
        (*upload(), Part(name="gpg_signature", content=ZIP, filename="rp.asc")),
        mismatch("rp.asc.txt", ZIPPED, "text/plain"),
    ),
}


@pytest.mark.parametrize(("parts", "expected"), REFUSED.values(), ids=REFUSED)
def test_an_upload_is_refused_with(
    server: Server, hosted: str, parts: Parts, expected: Answer
) -> None:
    assert server.post(hosted, *parts).settled == expected
    assert server.get(hosted, "simple/").settled == page(root())


BODIES = {
    "a form in the address": ("application/x-www-form-urlencoded", b"name=a&version=1"),
    "JSON": ("application/json", b"{}"),
    "nothing": (FORM_TYPE, b""),
    "a form of another boundary": ("multipart/form-data; boundary=b", render_form(upload())),
    "no boundary": ("multipart/form-data", render_form(upload())),
    "no content type": ("", b"x"),
}


@pytest.mark.parametrize(("media_type", "body"), BODIES.values(), ids=BODIES)
def test_a_server_error_is_the_answer_to(
    server: Server, hosted: str, media_type: str, body: bytes
) -> None:
    target, headers = f"/repository/{hosted}/", {"Content-Type": media_type}
    answer = server.wire.ask("POST", target, login=server.publisher, headers=headers, body=body)
    assert answer.settled == BROKEN


LAX = {
    "text as zip": ("a.zip", b"text", "application/zip"),
    "HTML as tar.gz": ("a.tar.gz", b"<html>", "application/x-gzip"),
    "an empty wheel": (WHEEL, b"", "application/octet-stream"),
}


@pytest.mark.parametrize(("filename", "content", "media_type"), LAX.values(), ids=LAX)
def test_without_content_validation_is_taken(
    server: Server, workshop: Workshop, filename: str, content: bytes, media_type: str
) -> None:
    lax = workshop.make_hosted(strict=False)
    assert server.upload(lax, filename, content).settled == TAKEN
    answer = server.get(lax, f"packages/rp/1/{filename}").settled
    assert answer == file(content, media_type=media_type)


TARGETS = {
    "a group": ("{group}", error(404)),
    "a proxy": ("{proxy}", error(404)),
    "an unknown repository": ("nope", error(404, NO_REPOSITORY)),
    "simple": ("{hosted}/simple", error(404)),
    "legacy": ("{hosted}/legacy", error(404)),
    "two slashes": ("{hosted}/", TAKEN),
}


@pytest.mark.parametrize(("path", "expected"), TARGETS.values(), ids=TARGETS)
def test_the_target_is(server: Server, workshop: Workshop, path: str, expected: Answer) -> None:
    hosted, proxy = workshop.make_hosted(), workshop.make_proxy("http://127.0.0.1:9")
    names = {"hosted": hosted, "proxy": proxy, "group": workshop.make_group(hosted, proxy)}
    assert server.upload(path.format(**names)).settled == expected


def test_without_a_slash_in_the_end_nothing_is_taken(server: Server, hosted: str) -> None:
    headers, body = {"Content-Type": FORM_TYPE}, render_form(upload())
    target, login = f"/repository/{hosted}", server.publisher
    answer = server.wire.ask("POST", target, login=login, headers=headers, body=body)
    assert answer.settled == error(400, NO_SLASH)


AGAIN = {
    "the same bytes": (upload(), error(400, NO_UPDATE)),
    "other bytes": (upload(content=OTHER), error(400, NO_UPDATE)),
    "other bytes that are no archive": (upload(content=b""), error(400, NO_UPDATE)),
    "the name in another spelling": (upload(name="RP"), error(400, NO_UPDATE)),
    "a wrong md5": (upload(md5_digest="0"), wrong_digest("0")),
    "the same name under another version": (upload(version="1.0"), TAKEN),
    "another name": (upload("rp-1.zip"), TAKEN),
}


@pytest.mark.parametrize(("parts", "expected"), AGAIN.values(), ids=AGAIN)
def test_allow_once_answers_a_second_upload_of(
    server: Server, hosted: str, parts: Parts, expected: Answer
) -> None:
    server.store(hosted)
    assert server.post(hosted, *parts).settled == fill(expected, repository=hosted)
    assert server.get(hosted, f"packages/rp/1/{WHEEL}").settled == file()


@pytest.mark.parametrize("content", [ZIP, OTHER], ids=["the same bytes", "other bytes"])
def test_allow_takes_a_second_upload_of(server: Server, workshop: Workshop, content: bytes) -> None:
    allowing = workshop.make_hosted("allow")
    server.store(allowing)
    server.get(allowing, "simple/rp/")
    assert server.upload(allowing, content=content).settled == TAKEN
    line = link(f"rp/1/{WHEEL}", f"md5={hashlib.md5(content).hexdigest()}")
    assert server.get(allowing, "simple/rp/").settled == page(project("rp", line))
    assert server.get(allowing, f"packages/rp/1/{WHEEL}").settled == file(content)


@pytest.mark.parametrize("count", [2, 8])
def test_of_simultaneous_uploads_of_one_file_exactly_one_is_taken(
    server: Server, hosted: str, count: int
) -> None:
    answers = run_at_once(count, lambda number: server.upload(hosted, content=ZIP + b"%d" % number))
    refused = fill(error(400, NO_UPDATE), repository=hosted)
    expected = [TAKEN, *[refused] * (count - 1)]
    assert sorted((answer.settled for answer in answers), key=lambda one: one.line) == expected


def test_simultaneous_uploads_of_different_files_are_all_taken_and_listed(
    server: Server, hosted: str
) -> None:
    answers = run_at_once(8, lambda number: server.upload(hosted, f"rp-{number}.zip"))
    assert [answer.settled for answer in answers] == [TAKEN] * 8
    lines = [link(f"rp/1/rp-{number}.zip") for number in reversed(range(8))]
    assert server.get(hosted, "simple/rp/").settled == page(project("rp", *lines))


def run_at_once(count: int, act: Callable[[int], Answer]) -> list[Answer]:
    start, answers = threading.Barrier(count), list[Answer]()

    def run(number: int) -> None:
        start.wait()
        answers.append(act(number))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_an_upload_that_breaks_off_stores_nothing(server: Server, hosted: str) -> None:
    body = render_form(upload())
    connection = server.wire.connect()
    connection.putrequest("POST", f"/repository/{hosted}/")
    length = {"Content-Type": FORM_TYPE, "Content-Length": str(len(body))}
    for name, value in {**server.publisher.header, **length}.items():
        connection.putheader(name, value)
    connection.endheaders(body[:-20])
    connection.close()
    assert server.get(hosted, "simple/rp/").settled == error(404)


WRONG = Login(username="nobody-there", password="wrong")
EXPECTING = {"right": (None, b"HTTP/1.1 100"), "wrong": (WRONG, b"HTTP/1.1 401 Unauthorized")}


@pytest.mark.parametrize(("login", "first"), EXPECTING.values(), ids=EXPECTING)
def test_expect_100_continue_is_answered_before_the_body_when_credentials_are(
    server: Server, hosted: str, login: Login | None, first: bytes
) -> None:
    connection = server.wire.connect()
    connection.putrequest("POST", f"/repository/{hosted}/")
    form_headers = {"Content-Type": FORM_TYPE, "Content-Length": "9", "Expect": "100-continue"}
    for name, value in {**(login or server.publisher).header, **form_headers}.items():
        connection.putheader(name, value)
    connection.endheaders()
    line = connection.sock.recv(4096).splitlines()[0]
    connection.close()
    assert line.startswith(first)


def test_wrong_credentials_are_refused_with_the_whole_body_sent(
    server: Server, hosted: str
) -> None:
    assert server.upload(hosted, login=WRONG).settled == WRONG_LOGIN


STORED: dict[str, tuple[Parts, str, str]] = {
    "a project with an underscore": (upload(name="My_Pkg"), "my-pkg", f"my-pkg/1/{WHEEL}"),
    "a project with a dot": (upload(name="my.pkg"), "my-pkg", f"my-pkg/1/{WHEEL}"),
    "a project with a run": (upload(name="MY--_PKG"), "my-pkg", f"my-pkg/1/{WHEEL}"),
    "a local version": (upload(version="1.0+a.1"), "rp", f"rp/1.0+a.1/{WHEEL}"),
    "an epoch": (upload(version="1!2.0"), "rp", f"rp/1!2.0/{WHEEL}"),
    "a version that is not normalized": (upload(version="01.0RC1"), "rp", f"rp/01.0RC1/{WHEEL}"),
    "a version with a slash": (upload(version="9/9"), "rp", f"rp/9/9/{WHEEL}"),
    "a version with a blank": (upload(version="9 9"), "rp", f"rp/9 9/{WHEEL}"),
    "a file name with dots": (upload("../../../x.whl"), "rp", "rp/1/../../../x.whl"),
    "a file name from the root": (upload("/etc/x.whl"), "rp", "rp/1//etc/x.whl"),
    "a file name with HTML": (upload("v%22<b>.whl"), "rp", "rp/1/v%22<b>.whl"),
    "a file name with a plus": (upload("a+b.whl"), "rp", "rp/1/a+b.whl"),
    "a file name with a blank": (upload("a b.whl"), "rp", "rp/1/a b.whl"),
    "a file name with a number sign": (upload("a#b.whl"), "rp", "rp/1/a#b.whl"),
}


@pytest.mark.parametrize(("parts", "name", "path"), STORED.values(), ids=STORED)
def test_the_path_is_the_normalized_name_and_the_rest_as_sent(
    server: Server, hosted: str, parts: Parts, name: str, path: str
) -> None:
    assert server.post(hosted, *parts).settled == TAKEN
    assert server.get(hosted, "simple/").settled == page(root(name))
    assert server.get(hosted, f"simple/{name}/").settled == page(project(name, link(path)))


def test_a_field_sent_twice_is_joined_by_a_line_end(server: Server, hosted: str) -> None:
    name = Part(name="name", content=b"aa")
    assert server.post(hosted, name, *upload()).settled == TAKEN
    assert server.get(hosted, "simple/").settled == page(root("aa\nrp"))


def test_a_signature_keeps_its_own_name_and_is_linked(server: Server, hosted: str) -> None:
    assert server.post(hosted, *upload(), SIGNATURE).settled == TAKEN
    digest = hashlib.md5(b"signed\n").hexdigest()
    lines = link("rp/1/rp.asc", f"md5={digest}"), link(f"rp/1/{WHEEL}")
    assert server.get(hosted, "simple/rp/").settled == page(project("rp", *lines))
    answer = server.get(hosted, "packages/rp/1/rp.asc").settled
    assert answer == file(b"signed\n", media_type="text/plain")


MEDIA_TYPES = {
    "a wheel": (WHEEL, ZIP, "application/zip"),
    "an sdist": ("a.tar.gz", TGZ, "application/x-gzip"),
    "a tgz": ("a.tgz", TGZ, "application/x-tgz"),
    "text as a wheel": (WHEEL, b"text", "text/plain"),
    "HTML as a wheel": (WHEEL, b" <HTML>", "text/html"),
    "a gzip as a wheel": (WHEEL, TGZ, "application/gzip"),
    "an empty zip": ("a.zip", b"", "application/zip"),
    "an exe": ("a.exe", b"MZ\x90\x00", "application/x-executable"),
    "a txt": ("a.txt", b"\x00", "text/plain"),
}


@pytest.mark.parametrize(("name", "content", "kind"), MEDIA_TYPES.values(), ids=MEDIA_TYPES)
def test_the_media_type_comes_from_the_name_or_else_the_bytes(
    server: Server, hosted: str, name: str, content: bytes, kind: str
) -> None:
    assert server.upload(hosted, name, content).settled == TAKEN
    answer = server.get(hosted, f"packages/rp/1/{name}").settled
    assert answer == file(content, media_type=kind)
    assert name != WHEEL or content != ZIP or answer.header("ETag") == ETAG
