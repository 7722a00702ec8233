"""For every rule of the analytic what makes it fire, and a twin that differs in that rule only.

One tape each, synthetic. They are what the deployed forms are executed on (matrix.py) and what the
weakened analytics must be told apart by (mutants.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.unit.analytic.conftest import HOME, SAFARI, Tape

from witnessmark.analytic import detect, load
from witnessmark.model.detections import Answer, Branch
from witnessmark.model.events import FileRef, Kind, Token

if TYPE_CHECKING:
    from collections.abc import Callable

    from witnessmark.analytic import Parameters
    from witnessmark.model.detections import Detection
    from witnessmark.model.events import Stream

RULES = tuple(f"K{n}" for n in (1, 2, 3)) + tuple(f"{x}{n}" for x in "AB" for n in range(1, 8))
DOWN = f"{HOME}/Downloads"
X = f"{DOWN}/x.sh"
TOOL = f"{DOWN}/tool"
VENDOR = {"team_id": "ABCDE12345", "signing_id": "com.v", "cs_flags": 0x20010001}
HELPER = (
    "/Applications/Google Chrome.app/Contents/Frameworks/F/Helpers/"
    "Google Chrome Helper.app/Contents/MacOS/Google Chrome Helper"
)
WEBCONTENT = (
    "/System/Library/Frameworks/WebKit.framework/Versions/A/XPCServices/"
    "com.apple.WebKit.WebContent.xpc/Contents/MacOS/com.apple.WebKit.WebContent"
)
MOVED = "/private/var/folders/a/b/T/AppTranslocation/0-1/d/Tool.app/Contents/MacOS/Tool"
MAIL = "/System/Applications/Mail.app/Contents/MacOS/Mail"
CACHED = f"{HOME}/Library/Caches/a/tool"
SERVICE = (
    "/System/Library/PrivateFrameworks/PackageKit.framework/Versions/A/XPCServices/"
    "package_script_service.xpc/Contents/MacOS/package_script_service"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A tape and what AN0994 answers for it."""

    rule: str
    name: str
    play: Callable[[Tape], None]
    alerts: int = 1
    """How many alerts of its branch fire."""
    undetermined: bool = False
    profile: str | None = None
    severity: str | None = None
    counted: bool = False
    """Whether the number of alerts is what the example is about."""

    @property
    def branch(self) -> Branch:
        """K1 is shown by branch A, the other keys by branch B."""
        return Branch.A if self.rule[0] == "A" or self.rule == "K1" else Branch.B

    @property
    def stream(self) -> Stream:
        """The records of the tape."""
        tape = Tape()
        self.play(tape)
        return tape.stream()

    @property
    def parameters(self) -> Parameters:
        """The analytic as it is asked."""
        return _loaded(self.profile)

    def holds(self, found: list[Detection]) -> bool:
        """Whether these answers are the right ones."""
        ours = [item for item in found if item.branch is self.branch]
        fired = [item for item in ours if item.answer is Answer.FIRED]
        open_ = any(item.answer is Answer.UNDETERMINED for item in ours)
        grave = self.severity is None or all(item.severity == self.severity for item in fired)
        return len(fired) == self.alerts and open_ is self.undetermined and grave


@cache
def _loaded(profile: str | None) -> Parameters:
    return load(profile=profile).parameters


def answers(example: Example) -> list[Detection]:
    """What the embedded engine says of an example."""
    return detect(example.stream, example.parameters)


def shell(tape: Tape, parent: Any, **given: Any) -> Any:
    return tape.spawn(parent, "/bin/sh", ["sh", "/opt/host.sh"], **given)


def run(tape: Tape, path: str = X, parent: Any = None) -> Any:
    return tape.spawn(parent or tape.terminal, "/bin/sh", ["sh", path])


def tool(tape: Tape, path: str = TOOL) -> Any:
    return tape.spawn(tape.terminal, path)


def safari(tape: Tape) -> Any:
    return tape.spawn(tape.launchd, SAFARI, signing_id="com.apple.Safari", platform_binary=True)


def reused(tape: Tape) -> None:
    chrome = tape.chrome()
    tape.exit(chrome)
    tape._pid = chrome.pid - 1
    shell(tape, tape.spawn(tape.terminal, "/bin/zsh", ["-zsh"]))


def spoofed(tape: Tape) -> None:
    shell(tape, tape.spawn(tape.launchd, "/private/tmp/Safari"))


def responsible(tape: Tape) -> None:
    shell(tape, tape.launchd, responsible=safari(tape).image.token)


def elsewhere(tape: Tape) -> None:
    shell(tape, tape.terminal, responsible=tape.chrome().image.token)


def webkit(tape: Tape, owner: Any) -> None:
    service = tape.spawn(tape.launchd, WEBCONTENT, responsible=owner.image.token)
    shell(tape, service)


def xpc(tape: Tape, path: str) -> None:
    owner = safari(tape).image.token
    service = tape.spawn(tape.launchd, "/usr/libexec/xpcproxy", responsible=owner)
    tape.wait(60)
    tape.exec(service, path, [path, "/opt/x.sh"], responsible=owner)


def descend(tape: Tape, wait: float = 0, between: int = 0) -> None:
    task = tape.spawn(tape.chrome(), "/opt/v/host", **VENDOR)
    for _ in range(between):
        task = tape.spawn(task, "/opt/v/host", **VENDOR)
    tape.wait(wait)
    shell(tape, task)


def thrice(tape: Tape) -> None:
    host = shell(tape, tape.chrome())
    tape.exec(host, "/usr/bin/python3", ["python3", "/o/h.py"])
    tape.spawn(host, "/usr/bin/osascript", ["osascript", "-e", "1"])


def reparented(tape: Tape) -> None:
    chrome = tape.chrome()
    middle = tape.spawn(chrome, "/opt/v/host", **VENDOR)
    child = tape.fork(middle)
    tape.exit(middle)
    tape.exit(chrome)
    launchd = tape.launchd.image.token
    child.image = replace(child.image, parent=launchd, ppid=1)
    tape.exec(child, "/bin/sh", ["sh"], parent=launchd)


def orphan(tape: Tape, path: str) -> None:
    child = tape.fork(tape.terminal)
    tape.events.pop()
    parent = Token(pid=300, pidversion=44)
    child.image = replace(child.image, parent=parent, original_ppid=300, ppid=300)
    tape.exec(child, path, [path])


def helper(tape: Tape, **given: Any) -> None:
    cache = f"{HOME}/Library/Caches/p/Chromium.app/Contents"
    browser = tape.spawn(
        tape.launchd, f"{cache}/MacOS/Chromium", signing_id="org.chromium.Chromium"
    )
    tape.spawn(browser, f"{cache}/Frameworks/F/Chromium Helper", **given)


def in_bundle(tape: Tape) -> None:
    tape.spawn(tape.chrome(), HELPER)


def written(tape: Tape, path: str = X, *, wait: float = 2, **given: Any) -> None:
    tape.write(path, **given)
    tape.wait(wait)


def drop_then(play: Callable[[Tape], Any], *, wait: float = 2) -> Callable[[Tape], None]:
    def both(tape: Tape) -> None:
        written(tape, wait=wait)
        play(tape)

    return both


def fetched(tape: Tape) -> None:
    curl = tape.spawn(tape.terminal, "/usr/bin/curl")
    written(tape, TOOL, by=curl, wait=90)
    tool(tape)


def reserved(tape: Tape) -> None:
    tape.create(TOOL)
    tape.wait(2)
    tool(tape)


def unzipped(tape: Tape) -> None:
    tape.rename("/private/tmp/T/Tool.app", f"{DOWN}/Tool.app")
    tool(tape, f"{DOWN}/Tool.app/Contents/MacOS/Tool")


def kept(tape: Tape) -> None:
    tape.write(f"{DOWN}/u.crdownload")
    tape.wait(1_200)
    tape.rename(f"{DOWN}/u.crdownload", TOOL)
    tape.wait(2)
    tool(tape)


def renamed(tape: Tape) -> None:
    tape.write(f"{DOWN}/old")
    tape.wait(1_200)
    tape.rename(f"{DOWN}/old", TOOL)
    tape.wait(2)
    tool(tape)


def taken_out(tape: Tape) -> None:
    tape.write(TOOL)
    tape.rename(TOOL, "/Applications/tool")
    tape.wait(2)
    tool(tape, "/Applications/tool")


def translocated(tape: Tape, *, same: bool) -> None:
    inside = f"{DOWN}/Tool.app/Contents/MacOS/Tool"
    tape.write(inside)
    ino = tape.inodes[inside] if same else 5
    tape.spawn(tape.launchd, MOVED, file=FileRef(path=MOVED, dev=99, ino=ino))


def volume(tape: Tape, image: str) -> None:
    tape.write(image)
    words = ["hdiutil", "attach", "-mountpoint", "/private/tmp/m", image]
    tape.spawn(tape.terminal, "/usr/bin/hdiutil", words)
    point, device = FileRef(path="/private/tmp/m"), FileRef(path="/dev/disk4s1")
    tape.event(Kind.MOUNT, tape.launchd, file=point, source_file=device)
    run(tape, "/private/tmp/m/open.sh")


def package(tape: Tape) -> None:
    tape.write(f"{DOWN}/l.pkg")
    script = "/private/tmp/PKInstallSandbox.a/Scripts/org.x.b/preinstall"
    service = tape.spawn(tape.launchd, SERVICE)
    tape.spawn(service, "/bin/sh", ["/bin/sh", script, f"{DOWN}/l.pkg", "/"], script=script)


def refused_sudo(tape: Tape) -> None:
    tape.spawn(tape.terminal, "/usr/bin/sudo", ["sudo", "-n", "sh", X])


def moved_unseen(tape: Tape) -> None:
    tape.write(TOOL)
    tape.inodes["/opt/tool"] = tape.inodes[TOOL]
    tape.spawn(tape.terminal, "/opt/tool")


def given_again(tape: Tape) -> None:
    tape.write(TOOL)
    ino = tape.inodes[TOOL]
    tape.unlink(TOOL)
    tape.inodes["/opt/other"] = ino
    tape.spawn(tape.terminal, "/opt/other")


def _examples() -> tuple[Example, ...]:
    def one(rule: str, name: str, play: Callable[[Tape], Any], **given: Any) -> Example:
        return Example(rule=rule, name=name, play=play, **given)

    def no(rule: str, name: str, play: Callable[[Tape], Any], **given: Any) -> Example:
        return Example(rule=rule, name=name, play=play, alerts=0, **given)

    vendor = {"args": ["/opt/v/tool"], **VENDOR}
    unsigned = {"cs_flags": 0, "signing_id": None}
    return (
        no("K1", "a browser's pid, used again by a shell", reused),
        one("K1", "a browser's own child", lambda t: shell(t, t.chrome())),
        one(
            "K2",
            "the data volume's spelling",
            lambda t: (written(t, TOOL), tool(t, f"/System/Volumes/Data{TOOL}")),
        ),
        one(
            "K2",
            "another case",
            lambda t: (written(t, TOOL), tool(t, TOOL.replace("tool", "TOOL"))),
        ),
        one("K2", "the same inode after a move that nobody saw", moved_unseen),
        no("K2", "an inode given to another file", given_again),
        one("K3", "one's own file", lambda t: (written(t, TOOL), tool(t))),
        no(
            "K3",
            "another user's file of that name",
            lambda t: (written(t, TOOL), tool(t, "/Users/ann/Downloads/tool")),
        ),
        one("A1", "a shell under Chrome", lambda t: shell(t, t.chrome())),
        one("A1", "a shell under Safari", lambda t: shell(t, safari(t))),
        no("A1", "the same under a terminal", lambda t: shell(t, t.terminal)),
        no("A1", "the same under a program called Safari", spoofed),
        one("A2", "a service for which Safari is responsible", responsible),
        one("A2", "a WebKit service of Safari's", lambda t: webkit(t, safari(t))),
        no("A2", "a WebKit service of Mail's", lambda t: webkit(t, t.spawn(t.launchd, MAIL))),
        no("A2", "Chrome responsible, a terminal the parent", elsewhere),
        one("A3", "a shell through xpcproxy", lambda t: xpc(t, "/bin/sh")),
        no("A3", "xpcproxy alone", lambda t: xpc(t, "/usr/libexec/xpcproxy")),
        one(
            "A4",
            "inline code",
            lambda t: t.spawn(t.chrome(), "/usr/bin/python3", ["python3", "-c", "1"]),
        ),
        one(
            "A4",
            "a script run directly",
            lambda t: t.spawn(t.chrome(), "/opt/lua/lua", script="/opt/x.lua", **VENDOR),
        ),
        one(
            "A4",
            "a program in /Users/Shared",
            lambda t: t.spawn(t.chrome(), "/Users/Shared/tool", **VENDOR),
        ),
        one("A4", "an unsigned program", lambda t: t.spawn(t.chrome(), "/opt/v/tool", **unsigned)),
        one("A4", "a shell below a spawned program", descend),
        no(
            "A4",
            "a vendor's signed program",
            lambda t: t.spawn(t.chrome(), "/opt/v/tool", vendor["args"], **VENDOR),
        ),
        no("A4", "a shell below it after 40 s", lambda t: descend(t, wait=40)),
        no("A4", "a shell five processes below", lambda t: descend(t, between=4)),
        no("A5", "the browser's helper in its bundle", in_bundle),
        no("A5", "an ad hoc helper in an ad hoc bundle in Caches", helper),
        one("A5", "another signer's program in that bundle", lambda t: helper(t, **VENDOR)),
        one("A6", "three programs of one spawned process", thrice, counted=True),
        one("A6", "an orphan of a browser that has ended", reparented, counted=True),
        one(
            "A6",
            "three spawned processes",
            lambda t: [shell(t, c) for c in [t.chrome()] for _ in range(3)],
            alerts=3,
            counted=True,
        ),
        no(
            "A7",
            "a shell whose parent nobody saw",
            lambda t: orphan(t, "/bin/sh"),
            undetermined=True,
        ),
        no("A7", "such a program that could not fire", lambda t: orphan(t, "/usr/bin/true")),
        one("B1", "a program written to Downloads", lambda t: (written(t, TOOL), tool(t))),
        one("B1", "a program written to Caches", lambda t: (written(t, CACHED), tool(t, CACHED))),
        one("B1", "a bundle moved in as a folder", unzipped),
        no("B1", "written elsewhere", lambda t: (written(t, "/opt/t"), tool(t, "/opt/t"))),
        no("B1", "only read", lambda t: (written(t, TOOL, modified=False), tool(t))),
        no("B1", "an empty reservation", reserved),
        no("B1", "executed before it was written", lambda t: (tool(t), written(t, TOOL))),
        one("B2", "Keep pressed twenty minutes later", kept),
        no("B2", "another rename of an old file", renamed),
        one("B2", "taken out of the directory", taken_out),
        one("B3", "the image", lambda t: (written(t, TOOL), tool(t))),
        one(
            "B3",
            "a script run directly",
            drop_then(lambda t: t.spawn(t.terminal, "/bin/sh", ["/bin/sh", X], script=X)),
        ),
        one("B3", "an interpreter's operand", drop_then(run)),
        one(
            "B3",
            "an operand relative to the folder",
            drop_then(lambda t: t.spawn(t.terminal, "/bin/sh", ["sh", "-e", "x.sh"], cwd=DOWN)),
        ),
        no(
            "B3",
            "only data for a script",
            drop_then(
                lambda t: t.spawn(t.terminal, "/usr/bin/python3", ["python3", "/opt/tool.py", X])
            ),
        ),
        no(
            "B3",
            "only parsed",
            drop_then(lambda t: t.spawn(t.terminal, "/bin/bash", ["bash", "-n", X])),
        ),
        no("B3", "named to a sudo that ran nothing", drop_then(refused_sudo)),
        one("B4", "through App Translocation", lambda t: translocated(t, same=True)),
        no("B4", "another inode of that name", lambda t: translocated(t, same=False)),
        one("B5", "590 s later", lambda t: (written(t, TOOL, wait=590), tool(t))),
        no("B5", "610 s later", lambda t: (written(t, TOOL, wait=610), tool(t))),
        no(
            "B5",
            "the clock stepped back",
            lambda t: (written(t, TOOL, wait=-300), tool(t)),
            undetermined=True,
        ),
        one(
            "B6", "within a minute", lambda t: (written(t, TOOL, wait=30), tool(t)), severity="high"
        ),
        one(
            "B6",
            "after a minute",
            lambda t: (written(t, TOOL, wait=90), tool(t)),
            severity="medium",
        ),
        one("B6", "after a minute, written by curl", fetched, severity="high"),
        no("B7", "a volume of a dropped image, by default", lambda t: volume(t, f"{DOWN}/l.dmg")),
        one(
            "B7",
            "the same with provenance",
            lambda t: volume(t, f"{DOWN}/l.dmg"),
            profile="provenance",
        ),
        one("B7", "a dropped package's script, with provenance", package, profile="provenance"),
        no(
            "B7",
            "a volume of an image from elsewhere",
            lambda t: volume(t, "/opt/l.dmg"),
            profile="provenance",
        ),
    )


EXAMPLES = _examples()
