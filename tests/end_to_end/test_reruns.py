"""A re-run after any failure converges, and nothing published is ever overwritten."""

from __future__ import annotations

from nexus_double import NO_FAULTS, CutBody, Faults, LoseAnswer, Refuse, Sandbox
from support import (
    SDIST,
    WHEEL,
    Command,
    ProjectDir,
    outcome,
    published,
    requests,
    start,
    uploads,
    wait_for,
    without_times,
)


def test_rerun_of_a_finished_release_uploads_nothing_and_succeeds(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    releasekit("release", project=project, server=sandbox)
    sandbox.state.clear_log()
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 0
    assert "plan      0 to upload, 2 already published" in ran.out
    assert uploads(sandbox) == 0
    assert outcome(project)["uploaded"] == []


def test_a_plan_asks_each_index_for_one_page_and_downloads_nothing(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    releasekit("release", project=project, server=sandbox)
    sandbox.state.clear_log()
    ran = releasekit("plan", project=project, server=sandbox)
    assert "plan      0 to upload, 2 already published" in ran.out
    assert [(request.method, request.path) for request in requests(sandbox)] == [
        ("GET", f"/repository/{name}/simple/plain/") for name in ("pypi-hosted", "pypi-group")
    ]


def test_other_bytes_with_the_same_md5_are_no_release(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    releasekit("release", project=project, server=sandbox)
    stored = next(f for f in sandbox.state.find_files("pypi-hosted") if f.filename == WHEEL)
    content = stored.blob.file.read_bytes()
    stored.blob.file.write_bytes(content[:-1] + b"!")  # the page still says its md5
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 1
    assert "plan      0 to upload, 2 already published" in ran.out
    assert f"{WHEEL}: published with sha256 " in ran.out


def test_rerun_after_the_first_of_two_files_went_up_uploads_the_other(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    sandbox.state.faults = Faults(uploads=(None, Refuse(502), Refuse(502), Refuse(502)))
    first = releasekit("release", project=project, server=sandbox)
    assert first.status == 3
    assert published(sandbox) == {WHEEL}
    assert first.out.endswith(
        f"error E303: {SDIST} was not uploaded\n"
        f"  where: {sandbox.upload_url()}\n"
        "  why:   the server answered 502 Bad Gateway (tried 3 times; the index was read after "
        "each)\n"
        "  next:  run this again: what is already there is skipped\n"
    )
    assert outcome(project)["status"] == "failed"
    assert outcome(project)["stopped_in"] == "publish"

    sandbox.state.clear_log()
    second = releasekit("release", project=project, server=sandbox)
    assert second.status == 0
    assert "plan      1 to upload, 1 already published" in second.out
    assert outcome(project)["uploaded"] == [SDIST]
    assert uploads(sandbox) == 1


def test_other_bytes_under_a_published_name_are_refused_before_any_upload(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    content = b"other bytes"
    stored = sandbox.state.store(
        sandbox.hosted, project="plain", version="1.2.3", filename=WHEEL, content=content
    )
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 1
    assert uploads(sandbox) == 0
    assert published(sandbox) == {WHEEL}
    built = outcome(project)["error"]["why"].splitlines()[0].rpartition(" ")[2]
    assert without_times(ran.out).endswith(
        "plan      1 to upload, 0 already published, 1 in conflict\n"
        "report    reports/summary.md\n"
        "error E141: 1 file is already published with other bytes\n"
        f"  where: {sandbox.upload_url()}\n"
        f"  why:   {WHEEL}: published with md5 {stored.blob.md5}, built with {built}\n"
        "           published cannot be compared: File is not a zip file\n"
        "         a published file is never overwritten\n"
        "  next:  release a new version: git tag NEXT-VERSION\n"
        "         (reports/release.json holds the build requirements, should they be the "
        "difference)\n"
    ), ran.out


def test_a_moved_tag_is_refused_before_any_upload(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    releasekit("release", project=project, server=sandbox)
    project.write("plain.py", '"""Another thing under the same version."""\n')
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    sandbox.state.clear_log()
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 1
    assert "error E141: 2 files are already published with other bytes" in ran.out
    for names in ("plain.py, plain-1.2.3.dist-info/RECORD", "plain-1.2.3/plain.py"):
        assert f"           the content differs of {names}\n" in ran.out
    assert uploads(sandbox) == 0


def test_an_upload_whose_answer_was_lost_is_not_repeated(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    sandbox.state.faults = Faults(uploads=(LoseAnswer(), LoseAnswer(500)))
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 0
    assert uploads(sandbox) == 2
    assert published(sandbox) == {WHEEL, SDIST}


def test_a_connection_cut_in_the_middle_is_tried_again(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    sandbox.state.faults = Faults(uploads=(CutBody(200), Refuse(503)))
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 0
    assert published(sandbox) == {WHEEL, SDIST}


def test_an_upload_that_the_server_will_never_take_is_sent_once(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    sandbox.state.faults = Faults(uploads=(Refuse(413, "Request Entity Too Large"),))
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 3
    assert uploads(sandbox) == 1
    assert ran.out.endswith(
        "error E304: the server refused an upload\n"
        f"  where: {sandbox.upload_url()}\n"
        "  why:   it answered 413 Request Entity Too Large\n"
        "  next:  raise the size limit of the front server (nginx: client_max_body_size), then "
        "run again\n"
    ), ran.out


def test_a_group_that_shows_the_upload_late_is_waited_for(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    sandbox.state.faults = Faults(stale_pages=2)
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 0


def test_a_group_that_never_shows_the_upload_is_stale_not_broken(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    sandbox.state.faults = Faults(stale_pages=10_000)
    ran = releasekit("release", project=project, server=sandbox, RELEASEKIT_STALE_LIMIT="1")
    assert ran.status == 3
    assert ran.out.endswith(
        "error E306: the index does not serve the release yet\n"
        f"  where: {sandbox.upload_url(sandbox.group)}\n"
        f"  why:   {WHEEL} is not served\n"
        f"         {SDIST} is not served\n"
        "         (waited 1 s; the package itself is uploaded)\n"
        "  next:  releasekit verify; if it stays like this, invalidate the group's cache in "
        "Nexus,\n"
        "         and see that the hosted repository is a member of the group\n"
    ), ran.out


def test_a_dead_link_in_the_group_is_not_taken_for_a_served_file(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    sandbox.state.faults = Faults(dead_links=(WHEEL,))
    ran = releasekit("release", project=project, server=sandbox, RELEASEKIT_STALE_LIMIT="1")
    assert ran.status == 3
    assert f"  why:   {WHEEL} is not served\n" in ran.out


def test_a_group_that_serves_a_page_in_place_of_a_wheel_is_not_taken_for_a_conflict(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    sandbox.state.faults = Faults(other_bytes={WHEEL: b"<html>Sign in</html>"})
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 3
    assert "error E302: the answer is not that of a package index\n" in ran.out
    assert f"/{WHEEL}\n  why:   it is no wheel, but " in ran.out


def test_a_group_that_serves_other_bytes_is_found_out(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    sandbox.state.faults = Faults(other_bytes={WHEEL: b"PK, another wheel"})
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 1
    assert "error E142: the index serves other bytes than were released\n" in ran.out
    assert f"  why:   {WHEEL}: published with sha256 " in ran.out


def test_a_file_that_is_changed_while_others_go_up_is_not_uploaded(
    project: ProjectDir, sandbox: Sandbox
) -> None:
    sandbox.state.faults = Faults(upload_delay=2.0)
    with start(project, **sandbox.environ()) as process:
        # The wheel is on its way; the sdist has been checked and waits: the plan asks the group.
        page = "/repository/pypi-group/simple/plain/"
        wait_for(lambda: page in [request.path for request in requests(sandbox)])
        (project.root / "dist" / SDIST).write_bytes(b"other bytes")
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 1, out
    assert f"  why:   {SDIST} was changed after it was checked\n" in out
    assert published(sandbox) == {WHEEL}


def test_an_upload_that_a_login_page_answers_is_none_and_no_sdist_follows(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    sandbox.state.faults = Faults(uploads=(Refuse(200, "Sign in"),))
    first = releasekit("release", project=project, server=sandbox, RELEASEKIT_STALE_LIMIT="0.5")
    assert first.status == 3
    assert published(sandbox) == set()
    assert uploads(sandbox) == 1
    assert "error E305: the repository does not list what was uploaded\n" in first.out
    assert f'  why:   {WHEEL}: the server answered 200 Sign in, with the page "' in first.out
    second = releasekit("release", project=project, server=sandbox)
    assert second.status == 0
    assert published(sandbox) == {WHEEL, SDIST}


def test_a_login_page_that_answers_for_the_sdist_is_noticed_by_publish(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    releasekit("check", project=project)
    sandbox.state.faults = Faults(uploads=(None, Refuse(200, "Sign in")))
    ran = releasekit("publish", project=project, server=sandbox, RELEASEKIT_STALE_LIMIT="0.5")
    assert ran.status == 3
    assert published(sandbox) == {WHEEL}
    assert "error E305: the repository does not list what was uploaded\n" in ran.out
    assert f"  why:   {SDIST}: the server answered 200 " in ran.out


def test_the_sdist_waits_for_wheels_that_are_published_already(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    sandbox.state.faults = Faults(uploads=(None, Refuse(400)))
    releasekit("release", project=project, server=sandbox)
    assert published(sandbox) == {WHEEL}
    sandbox.state.faults = NO_FAULTS
    sandbox.state.clear_log()
    assert releasekit("publish", project=project, server=sandbox).status == 0
    page = ("GET", "/repository/pypi-hosted/simple/plain/")
    sent = [(request.method, request.path) for request in requests(sandbox)]
    post = sent.index(("POST", "/repository/pypi-hosted/"))
    assert sent[post - 1] == sent[post + 1] == page
