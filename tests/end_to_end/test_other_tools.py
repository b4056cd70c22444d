"""A second release by another version of the build tool: what differs, and what fixes it."""

from __future__ import annotations

from nexus_double import Sandbox
from support import Command, MakeProject, uploads

NAME = "hatchling_static-1.2.3"


def test_a_conflict_by_another_build_tool_names_the_constraint_that_fixes_it(
    make_project: MakeProject, sandbox: Sandbox, releasekit: Command
) -> None:
    project = make_project("hatchling")
    pins = {"RELEASEKIT_BUILD_CONSTRAINTS": "pins.txt"}
    for version, status in (("1.27.0", 0), ("1.28.0", 1)):
        project.write("pins.txt", f"hatchling=={version}\n")
        ran = releasekit("release", project=project, server=sandbox, **pins)
        assert ran.status == status, ran
    wheel = f"{NAME}-py3-none-any.whl"
    said = ran.out[ran.out.index("error E") :].splitlines()
    assert said[0] == "error E141: 1 file is already published with other bytes"
    assert said[2].startswith(f"  why:   {wheel}: published with md5 ")
    assert said[3:] == [
        f"           the content differs of {NAME}.dist-info/WHEEL, {NAME}.dist-info/RECORD",
        "           published was built by hatchling 1.27.0, this one by hatchling 1.28.0",
        "         a published file is never overwritten",
        "  next:  build again with hatchling==1.27.0, a line in the file that "
        "build-constraints names",
        "         (RELEASEKIT_BUILD_CONSTRAINTS=FILE needs no commit); "
        "or release a new version: git tag NEXT-VERSION",
    ]
    assert uploads(sandbox) == 2
    project.write("pins.txt", "hatchling==1.27.0\n")
    ran = releasekit("release", project=project, server=sandbox, **pins)
    assert ran.status == 0, ran
    assert "0 to upload, 2 already published" in ran.out
    assert uploads(sandbox) == 2
