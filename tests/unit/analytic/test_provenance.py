"""B7: what comes out of a dropped disk image or package; off by default."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from witnessmark.analytic import load, provenance
from witnessmark.model.detections import Answer
from witnessmark.model.events import FileRef, Kind

DOWN = "/Users/kim/Downloads"
IMAGE = f"{DOWN}/l.dmg"
PACKAGE = f"{DOWN}/l.pkg"
HDIUTIL = "/usr/bin/hdiutil"
SERVICE = (
    "/System/Library/PrivateFrameworks/PackageKit.framework/Versions/A/XPCServices/"
    "package_script_service.xpc/Contents/MacOS/package_script_service"
)
SCRIPT = "/private/tmp/PKInstallSandbox.a/Scripts/org.x.b/preinstall"
VENDOR = {"team_id": "ABCDE12345", "signing_id": "com.v", "cs_flags": 0x20010001}


@pytest.fixture
def params() -> Any:
    return load(profile="provenance").parameters


def mount(tape: Any, point: str, device: str = "/dev/disk4s1", kind: Kind = Kind.MOUNT) -> None:
    tape.event(kind, tape.launchd, file=FileRef(path=point), source_file=FileRef(path=device))


def attach(tape: Any, *words: str) -> Any:
    return tape.spawn(tape.terminal, HDIUTIL, ["hdiutil", "attach", *words])


def run(tape: Any, path: str) -> None:
    tape.spawn(tape.terminal, "/bin/sh", ["sh", path])


def install(tape: Any, *words: str, **given: Any) -> None:
    service = tape.spawn(tape.launchd, SERVICE)
    tape.spawn(service, "/bin/sh", ["/bin/sh", SCRIPT, *words], script=SCRIPT, **given)


def test_B7_is_off_by_default(tape: Any, answers: Any) -> None:
    tape.write(IMAGE)
    attach(tape, IMAGE, "-mountpoint", "/private/tmp/m")
    run(tape, "/private/tmp/m/open.sh")
    tape.write(PACKAGE)
    install(tape, PACKAGE, "/")
    assert answers.fired(tape, params=load().parameters) == []
    assert answers.fired(tape) == ["B", "B"]


def test_B7_volume_at_a_named_mount_point(tape: Any, answers: Any) -> None:
    tape.write(IMAGE)
    tape.wait(5)
    attach(tape, "-nobrowse", "-mountpoint", "/private/tmp/m", IMAGE)
    mount(tape, "/private/tmp/m")
    run(tape, "/private/tmp/m/open.sh")
    (found,) = answers(tape)
    assert (found.answer, found.inferred) == (Answer.FIRED, False)
    assert found.rules == ("B1", "B3", "B5", "B7")
    assert found.drop.path == IMAGE
    assert found.gap_s == pytest.approx(5, abs=0.01)
    assert "B7: the volume was mounted from the dropped image" in answers.held()


def test_B7_volume_that_appears_while_one_attach_is_under_way_is_inferred(
    tape: Any, answers: Any
) -> None:
    tape.write(IMAGE)
    tool = attach(tape, IMAGE)
    mount(tape, "/Volumes/L")
    tape.exit(tool)
    tape.spawn(tape.launchd, "/Volumes/L/L.app/Contents/MacOS/L", **VENDOR)
    (found,) = answers(tape)
    assert (found.answer, found.inferred, found.severity) == (Answer.FIRED, True, "info")


def test_B7_source_that_names_the_image(tape: Any, answers: Any) -> None:
    """As Santa's DISKAPPEAR, whatever opened the image."""
    tape.write(IMAGE)
    mount(tape, "/Volumes/L", device=IMAGE)
    mount(tape, "/Volumes/Own", device="/opt/own.dmg")
    run(tape, "/Volumes/Own/open.sh")
    run(tape, "/Volumes/L/open.sh")
    (found,) = answers(tape)
    assert (found.answer, found.inferred) == (Answer.FIRED, False)
    assert found.exec.script == "/Volumes/L/open.sh"


@pytest.mark.parametrize("between", [[], [IMAGE, f"{DOWN}/m.dmg"]])
def test_B7_volume_of_an_unknown_image_is_undetermined(
    tape: Any, answers: Any, between: list[str]
) -> None:
    """Opened in the Finder, which names no file; or while two images are being attached."""
    tape.write(IMAGE)
    for image in between:
        attach(tape, image)
    mount(tape, "/Volumes/L")
    run(tape, "/Volumes/L/open.sh")
    (found,) = answers(tape)
    assert (found.answer, found.rules) == (Answer.UNDETERMINED, ("B7",))
    assert found.reason == "not known which image /Volumes/L/open.sh was mounted from"
    assert answers.stopped()[-1] == f"B7: {found.reason}"


def test_B7_unknown_image_matters_only_beside_a_dropped_one(tape: Any, answers: Any) -> None:
    tape.write(f"{DOWN}/notes.txt")
    mount(tape, "/Volumes/L")
    run(tape, "/Volumes/L/open.sh")
    assert answers(tape) == []
    tape.write(IMAGE)
    tape.wait(601)
    run(tape, "/Volumes/L/open.sh")
    assert answers(tape) == []


def test_B7_source_without_mount_records_leaves_it_open(tape: Any, answers: Any) -> None:
    tape.write(IMAGE)
    tape.exit(attach(tape, IMAGE))
    run(tape, "/Volumes/L/open.sh")
    assert [item.answer for item in answers(tape)] == [Answer.UNDETERMINED]


def test_B7_an_attach_that_has_ended_mounts_nothing_more(tape: Any, answers: Any) -> None:
    tape.write(IMAGE)
    tape.exit(attach(tape, IMAGE))
    mount(tape, "/Volumes/L")
    run(tape, "/Volumes/L/open.sh")
    assert [item.answer for item in answers(tape)] == [Answer.UNDETERMINED]


def test_B7_image_that_was_no_drop_is_silent(tape: Any, answers: Any) -> None:
    tape.write(IMAGE)
    attach(tape, "/opt/own.dmg", "-mountpoint", "/Volumes/Own")
    tool = attach(tape, "/opt/other.dmg")
    mount(tape, "/Volumes/Other")
    tape.exit(tool)
    run(tape, "/Volumes/Own/open.sh")
    run(tape, "/Volumes/Other/open.sh")
    assert answers(tape) == []


def test_B7_window_runs_from_the_drop_of_the_image(tape: Any, answers: Any) -> None:
    tape.write(IMAGE)
    attach(tape, IMAGE, "-mountpoint", "/Volumes/L")
    tape.wait(601)
    run(tape, "/Volumes/L/open.sh")
    assert answers(tape) == []
    assert answers.misses()[-1] == "B5: 601 s > 600 s"


def test_B7_a_volume_ends_with_its_unmount(tape: Any, answers: Any) -> None:
    tape.write(IMAGE)
    attach(tape, IMAGE, "-mountpoint", "/private/tmp/m")
    mount(tape, "/private/tmp/m")
    mount(tape, "/private/tmp/m", kind=Kind.UNMOUNT)
    run(tape, "/private/tmp/m/open.sh")
    assert answers(tape) == []


def test_B7_another_volume_at_the_same_place_is_another(tape: Any, answers: Any) -> None:
    tape.write(IMAGE)
    mount(tape, "/Volumes/L", device=IMAGE)
    mount(tape, "/Volumes/L")
    run(tape, "/Volumes/L/open.sh")
    assert [item.answer for item in answers(tape)] == [Answer.UNDETERMINED]


def test_B7_translocation_mounts_are_no_volumes(tape: Any, answers: Any) -> None:
    tape.write(IMAGE)
    point = "/private/var/folders/a/b/T/AppTranslocation/0-1"
    mount(tape, point, device="/opt/L.app")
    run(tape, f"{point}/d/x.sh")
    assert answers(tape) == []


def test_B7_spoofed_tools_count_for_nothing(tape: Any, answers: Any) -> None:
    tape.write(IMAGE)
    tape.write(PACKAGE)
    fake = ["hdiutil", "attach", IMAGE, "-mountpoint", "/private/tmp/m"]
    tape.spawn(tape.terminal, "/private/tmp/hdiutil", fake)
    run(tape, "/private/tmp/m/open.sh")
    service = tape.spawn(tape.terminal, "/private/tmp/package_script_service")
    tape.spawn(service, "/bin/sh", ["/bin/sh", SCRIPT, PACKAGE], script=SCRIPT)
    assert answers(tape) == []


def test_B7_script_of_a_dropped_package(tape: Any, answers: Any) -> None:
    tape.write(PACKAGE)
    install(tape, PACKAGE, "/", "/", "/")
    (found,) = answers(tape)
    assert (found.answer, found.drop.path) == (Answer.FIRED, PACKAGE)
    assert found.exec.script == SCRIPT
    assert found.rules == ("B1", "B3", "B5", "B7")


def test_B7_one_alert_for_all_scripts_of_a_package(tape: Any, answers: Any) -> None:
    tape.write(PACKAGE)
    install(tape, PACKAGE)
    install(tape, PACKAGE)
    assert answers.fired(tape) == ["B"]


def test_B7_other_words_of_a_package_script_are_data(tape: Any, answers: Any) -> None:
    tape.write(PACKAGE)
    tape.write(f"{DOWN}/x.sh")
    install(tape, "/opt/own.pkg", f"{DOWN}/x.sh", "Setup.pkg")
    assert answers(tape) == []


def test_B7_package_script_without_its_words_is_undetermined(tape: Any, answers: Any) -> None:
    def blind() -> None:
        service = tape.spawn(tape.launchd, SERVICE)
        tape.spawn(service, "/bin/sh", script=SCRIPT, no_args=True)

    blind()
    assert answers(tape) == []
    tape.write(PACKAGE)
    blind()
    (found,) = answers(tape)
    assert (found.answer, found.reason) == (
        Answer.UNDETERMINED,
        "args missing, so the package is not known",
    )


def test_B7_an_image_moved_out_keeps_its_drop(tape: Any, answers: Any) -> None:
    tape.write(IMAGE)
    tape.rename(IMAGE, "/opt/l.dmg")
    attach(tape, "/opt/l.dmg", "-mountpoint", "/Volumes/L")
    run(tape, "/Volumes/L/open.sh")
    assert answers.fired(tape) == ["B"]


def test_B7_volumes_are_bounded(tape: Any, answers: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(provenance, "MOST_VOLUMES", 3)
    for number in range(9):
        mount(tape, f"/Volumes/{number}")
    answers(tape)
    assert len(answers.engine._provenance._volumes) == 3


def test_B7_records_without_their_parts_say_nothing(tape: Any, answers: Any) -> None:
    tape.event(Kind.MOUNT, tape.launchd)
    tape.event(Kind.MOUNT, tape.launchd, file=FileRef(path="/Volumes/L"))
    tape.spawn(tape.terminal, HDIUTIL, no_args=True)
    attach(tape)
    tape.spawn(tape.terminal, HDIUTIL, ["hdiutil", "attach", "l.dmg"], cwd=None)
    assert answers(tape) == []


def test_B7_provenance_needs_its_lists() -> None:
    shipped = load().parameters
    assert not shipped.provenance
    with pytest.raises(ValueError, match="package_names: provenance needs at least one"):
        replace(shipped, provenance=True, package_names=())
