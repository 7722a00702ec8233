"""Santa's file log: real lines of 2018, and synthetic ones in today's shape."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from witnessmark.analytic import detect, load
from witnessmark.model.detections import Answer
from witnessmark.model.events import Kind, Token
from witnessmark.telemetry import santa
from witnessmark.telemetry.santa_layouts import LAYOUTS

CHROME = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


def line(action: str, *fields: str, second: float = 1.0) -> bytes:
    """A synthetic line."""
    time = f"2026-10-04T10:00:{second:06.3f}Z"
    return f"[{time}] I santad: action={'|'.join((action, *fields))}\n".encode()


def run(pid: int, path: str, args: str, *more: str, ppid: int = 1, second: float = 1.0) -> bytes:
    fields = [*more, f"pid={pid}", f"ppid={ppid}", "uid=501", "user=kim", "gid=20"]
    fields = ["decision=ALLOW", "reason=CERT", "sha256=ab", *fields, "group=staff", "mode=M"]
    return line("EXEC", *fields, f"path={path}", f"args={args}", second=second)


def file(action: str, *paths: str, pid: int = 500, second: float = 1.0) -> bytes:
    who = [f"pid={pid}", "ppid=1", "process=zsh", "processpath=/bin/zsh"]
    return line(action, *paths, *who, "uid=501", "user=kim", "gid=20", "group=staff", second=second)


def test_every_real_line_is_an_event_or_a_notice(whole: Any, sample: Any) -> None:
    lines = [item + b"\n" for item in sample("santa/santa.log").read_bytes().splitlines()]
    stream = whole(santa, *lines)
    cover = stream.coverage
    assert not cover.bad
    assert Counter(event.kind for event in stream.events) == {
        Kind.CLOSE: 83, Kind.EXEC: 44, Kind.RENAME: 23, Kind.UNLINK: 19, Kind.MOUNT: 10,
    }  # fmt: skip
    assert cover.notices == 7 + 5 + 3
    assert dict(cover.kinds)["DISKAPPEAR"] == 17
    assert cover.out_of_order == 0
    safari = next(
        event for event in stream.events if event.target and "/Safari" in event.target.path
    )
    assert safari.target.token == Token(pid=479)
    assert safari.target.ppid == 1
    assert safari.time_ns % 10**9 == 966_000_000


def test_a_real_quota_line_is_a_loss_between_its_neighbours(whole: Any, sample: Any) -> None:
    lines = [item + b"\n" for item in sample("santa/santa.log").read_bytes().splitlines()]
    stream = whole(santa, *lines)
    gaps = stream.coverage.gaps
    assert [gap.counter for gap in gaps] == ["log quota exceeded"] * 3
    place = next(number for number, item in enumerate(lines) if b"QUOTA" in item)
    before, after = (
        [whole(santa, lines[place + step]).coverage.first_ns for step in steps]
        for steps in ((-2, -1), (1, 2))
    )
    assert (gaps[0].since_ns, gaps[0].time_ns) == (min(before), max(after))
    assert gaps[0].line == place + 1


def test_a_quota_line_at_the_end_has_no_end_yet(whole: Any) -> None:
    quota = b"[2026-10-04T10:00:02.000Z] *** LOG MESSAGE QUOTA EXCEEDED - SOME ARE GONE ***\n"
    writes = [file("WRITE", "path=/a", second=second) for second in (0.0, 1.0)]
    (gap,) = whole(santa, *writes, quota).coverage.gaps
    assert (gap.time_ns, gap.since_ns % 10**9) == (None, 0)
    (gap,) = whole(santa, *writes, quota, file("WRITE", "path=/a", second=3.0)).coverage.gaps
    assert gap.time_ns is None, "one record alone may have a wrong time"


def test_an_exec_tells_of_the_image_after_only(whole: Any) -> None:
    (event,) = whole(santa, run(400, "/bin/sh", "sh /x/y.sh", "teamid=EQ", "pidversion=9")).events
    assert event.target.token == Token(pid=400, pidversion=9)
    assert (event.target.path, event.target.team_id, event.target.ppid) == ("/bin/sh", "EQ", 1)
    assert event.args == ("sh", "/x/y.sh")
    assert (event.process.path, event.process.token) == ("", Token(pid=400))
    assert {"responsible", "cwd", "script", "args", "signing_id"} <= event.target.simulated
    assert "team_id" not in event.target.simulated


def test_pipes_and_line_ends_in_values_are_as_they_were(whole: Any) -> None:
    lines = file("WRITE", "path=/Users/kim/Downloads/a<pipe>b\\nc.sh")
    (event,) = whole(santa, lines).events
    assert event.file.path == "/Users/kim/Downloads/a|b\nc.sh"


def test_a_denied_execution_is_none(whole: Any) -> None:
    text = run(400, "/bin/sh", "sh /x/y.sh").replace(b"=ALLOW", b"=DENY")
    (event,) = whole(santa, text).events
    assert event.kind is Kind.DENIED


@pytest.mark.parametrize(
    ("action", "names", "kind"),
    [
        ("RENAME", ("path", "newpath"), Kind.RENAME),
        ("LINK", ("path", "newpath"), Kind.LINK),
        ("CLONE", ("source", "target"), Kind.CLONE),
        ("COPYFILE", ("source", "target"), Kind.COPYFILE),
    ],
)
def test_actions_from_one_path_to_another(
    action: str, names: tuple[str, str], kind: Kind, whole: Any
) -> None:
    (event,) = whole(santa, file(action, f"{names[0]}=/a", f"{names[1]}=/b")).events
    assert (event.kind, event.source_file.path, event.file.path) == (kind, "/a", "/b")


def test_write_is_a_close_after_a_modification(whole: Any) -> None:
    (event,) = whole(santa, file("WRITE", "path=/a")).events
    assert (event.kind, event.modified, event.mapped_writable) == (Kind.CLOSE, True, None)


def test_fork_and_exit(whole: Any) -> None:
    fork = line("FORK", "pid=401", "pidversion=3", "ppid=400", "uid=0")
    gone = line("EXIT", "pid=401", "pidversion=3", "ppid=400", "uid=0")
    one, two = whole(santa, fork, gone).events
    assert (one.process.token.pid, one.child.token) == (400, Token(pid=401, pidversion=3))
    assert two.process.token == Token(pid=401, pidversion=3)


@pytest.mark.parametrize("process", ["(null)", ""])
def test_a_process_without_a_path_is_unknown_and_not_called_null(process: str, whole: Any) -> None:
    text = file("WRITE", "path=/a").replace(b"=/bin/zsh", b"=" + process.encode())
    (event,) = whole(santa, text).events
    assert event.process.path == ""


@pytest.mark.parametrize("pid", ["0", "-1", "+5", "1_0", "", "x", "\u0665"])
def test_a_pid_that_is_none_makes_the_line_bad(pid: str, whole: Any) -> None:
    text = file("WRITE", "path=/a").replace(b"pid=500", f"pid={pid}".encode(), 1)
    (bad,) = whole(santa, text).coverage.bad
    assert bad.unknown_shape


def test_every_cut_of_a_line_is_bad_and_never_another_event(whole: Any) -> None:
    for text in (file("RENAME", "path=/a", "newpath=/b/c.sh"), run(400, "/bin/sh", "sh /x/y.sh")):
        for cut in range(1, len(text) - 1):
            (bad,) = whole(santa, text[:cut]).coverage.bad
            assert not bad.unknown_shape


def test_a_cut_in_the_middle_of_a_file_is_bad_unless_nothing_but_names_is_lost(whole: Any) -> None:
    text = file("RENAME", "path=/a", "newpath=/b/c.sh")
    (event,) = whole(santa, text).events
    for cut in range(1, len(text) - 1):
        stream = whole(santa, text[:cut] + b"\n")
        if not stream.coverage.bad:
            (found,) = stream.events
            assert (found.file, found.process) == (event.file, event.process)


@pytest.mark.parametrize("kept", [46, 90, 999])
def test_a_record_that_another_begins_in_is_bad(kept: int, whole: Any) -> None:
    for first in (file("WRITE", "path=/a"), run(400, "/bin/sh", "sh /x"), line("ALLOWLIST", "a=b")):
        second = file("WRITE", "path=/b").strip()
        torn = first.strip() + second[:kept] + b"\n"
        assert "run into" in whole(santa, torn).coverage.bad[0].reason


def test_two_records_in_one_line_are_bad(whole: Any) -> None:
    text = file("WRITE", "path=/a").strip() + file("WRITE", "path=/b")
    assert "run into" in whole(santa, text).coverage.bad[0].reason


@pytest.mark.parametrize(
    "text",
    [
        b'{"time": "x"}\n',
        b"[yesterday] I santad: action=EXEC\n",
        b"[2026-10-04T10:00:00Z] I santad: hello\n",
        b"[2026-10-04T10:00:00] I santad: action=DELETE|path=/a\n",
        b"[2026-10-04T10:00:00Z] I santad: action=EXEC\n",
        b"[2026-10-04T10:00:00Z] I santad: action=exec|a=b\n",
        b"[2026-10-04T10:00:00Z] I santad: action=WRITE|path=/a|path=/b\n",
        b"[2026-10-04T10:00:00Z] I santad: action=WRITE|path=/\xff\n",
        b"[\n",
    ],
)
def test_what_is_no_line_of_santas_is_bad(text: bytes, whole: Any) -> None:
    assert len(whole(santa, text).coverage.bad) == 1


def test_a_drop_that_runs_is_detected(whole: Any) -> None:
    drop = file("WRITE", "path=/Users/kim/Downloads/x.sh", second=1)
    stream = whole(santa, drop, run(600, "/bin/sh", "sh /Users/kim/Downloads/x.sh", second=3))
    (found,) = detect(stream, load().parameters)
    assert (found.answer, found.gap_s) == (Answer.FIRED, 2.0)


@pytest.mark.parametrize(
    ("args", "reason", "unknown"),
    [
        ("sh x.sh", "cwd missing", ("cwd",)),
        ("sh /Users/kim/Downloads/my x.sh", "args were joined by spaces", ("args",)),
    ],
)
def test_what_santa_cannot_know_is_undetermined_and_not_silent(
    args: str, reason: str, unknown: tuple[str, ...], whole: Any
) -> None:
    name = "my x.sh" if "my" in args else "x.sh"
    drop = file("WRITE", f"path=/Users/kim/Downloads/{name}")
    (found,) = detect(whole(santa, drop, run(600, "/bin/sh", args, second=3)), load().parameters)
    assert (found.answer, found.reason) == (Answer.UNDETERMINED, reason)
    assert found.simulated == unknown


def test_a_browsers_child_is_found_by_its_parents_path(whole: Any) -> None:
    chrome = run(300, CHROME, CHROME, "teamid=EQHXZ8M8AV")
    (found,) = detect(
        whole(santa, chrome, run(301, "/bin/sh", "sh -c x", ppid=300, second=2)),
        load().parameters,
    )
    assert (found.answer, found.browser.path) == (Answer.FIRED, CHROME)


def test_xpcproxy_and_its_service_are_one_process_without_pidversion(whole: Any) -> None:
    lines = [
        run(300, CHROME, CHROME),
        run(310, "/usr/libexec/xpcproxy", "xpcproxy x", second=2),
        run(310, "/bin/sh", "sh /opt/x.sh", second=2),
    ]
    (found,) = detect(whole(santa, *lines), load().parameters)
    assert (found.answer, found.reason) == (Answer.UNDETERMINED, "responsible process unknown")
    assert found.simulated == ("responsible",)
    assert detect(whole(santa, *lines[1:]), load().parameters) == [], "no browser runs at all"


def test_a_volume_names_the_image_that_it_came_from(whole: Any) -> None:
    head = b"[2018-08-19T03:17:30.096Z] I santad: action="
    image = b"volume=Skype|bsdname=disk2s1|fs=hfs|dmgpath=/Users/kim/Downloads/S.dmg|appearance=x\n"
    lines = [
        head + b"DISKAPPEAR|mount=|" + image,
        head + b"DISKAPPEAR|mount=/Volumes/Skype|" + image,
        head + b"DISKAPPEAR|mount=/Volumes/USB|volume=USB|bsdname=disk3s1|dmgpath=\n",
        head + b"DISKDISAPPEAR|mount=|volume=Skype|bsdname=disk2s1\n",
        head + b"DISKAPPEAR|mount=/Volumes/Skype\n",
    ]
    stream = whole(santa, *lines)
    told = [(event.kind, event.file.path, event.source_file.path) for event in stream.events]
    assert told == [
        (Kind.MOUNT, "/Volumes/Skype", "/Users/kim/Downloads/S.dmg"),
        (Kind.MOUNT, "/Volumes/USB", "/dev/disk3s1"),
    ]
    (bad,) = stream.coverage.bad
    assert bad.reason == "DISKAPPEAR without bsdname: the line is cut off"


def lines_of_all_kinds(sample: Any, synthetic: Any) -> list[bytes]:
    real = [item + b"\n" for item in sample("santa/santa.log").read_bytes().splitlines()]
    return [*real, *synthetic("santa"), file("LINK", "path=/a", "newpath=/b")]


def test_the_usual_order_of_fields_means_what_any_order_means(
    sample: Any, synthetic: Any, whole: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = lines_of_all_kinds(sample, synthetic)
    usual = whole(santa, *lines)
    slow = {name: replace(layout, pattern=None) for name, layout in LAYOUTS.items()}
    monkeypatch.setattr(santa, "LAYOUTS", slow)
    assert whole(santa, *lines) == usual


def test_real_lines_have_the_usual_order(sample: Any, synthetic: Any) -> None:
    for line in lines_of_all_kinds(sample, synthetic):
        action, _, rest = line.decode().strip().partition("action=")[2].partition("|")
        pattern = LAYOUTS[action].pattern if action in LAYOUTS else None
        assert pattern is None or pattern.fullmatch(rest), line


@pytest.mark.parametrize("extra", ["machineid=x", "new=1"])
def test_fields_that_nobody_knows_change_nothing(extra: str, whole: Any) -> None:
    line = file("WRITE", "path=/a")
    (plain,) = whole(santa, line).events
    (event,) = whole(santa, line.replace(b"|uid", f"|{extra}|uid".encode())).events
    assert (event.file, event.process) == (plain.file, plain.process)


def test_a_fork_without_a_parent_is_bad(whole: Any) -> None:
    (bad,) = whole(santa, line("FORK", "pid=4", "pidversion=3", "ppid=0", "uid=0")).coverage.bad
    assert "FORK" in bad.reason


def test_a_line_without_pidversion_says_that_it_is_unknown(whole: Any) -> None:
    lines = [file("WRITE", "path=/a"), run(400, "/bin/sh", "sh", "pidversion=9")]
    write, ran = whole(santa, *lines).events
    assert "pidversion" in write.process.simulated
    assert "pidversion" in ran.process.simulated
    assert "pidversion" not in ran.target.simulated


def test_an_exec_into_which_the_beginning_of_another_record_ran_is_bad(whole: Any) -> None:
    """What is left of the other record has no field, so it looks like one more word of args."""
    text = run(400, "/bin/sh", "sh /x").strip()
    begun = file("WRITE", "path=/a").partition(b"|")[0]
    assert whole(santa, text + b"\n").coverage.bad == ()
    (bad,) = whole(santa, text + begun + b"\n").coverage.bad
    assert "run into" in bad.reason
