"""Linux names to Mac names: nothing of the host's root may show, nothing else may change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from witnessmark.standin.paths import PYTHON_RULE, Shown, Translator, system_programs

TABLE = {b"/usr/bin/dash": "/bin/sh", b"/usr/bin/ls": "/bin/ls"}
PLAIN = Translator(Path("/srv/host"), TABLE)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (b"/srv/host", "/"),
        (b"/srv/host/", "/"),
        (b"/srv/host/Users/purple/x", "/Users/purple/x"),
        (b"/srv/hosts/x", "/srv/hosts/x"),
        (b"/usr/lib/x", "/usr/lib/x"),
        (b"/srv/host/caf\xe9", "/caf\ufffd"),
        ("/srv/host/café".encode(), "/café"),
    ],
)
def test_paths(path: bytes, shown: str) -> None:
    assert PLAIN.path(path) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (b"/srv/host/Users/x", "/Users/x"),
        (b"/srv/host", "/"),
        (b"--opt=/srv/host/etc", "--opt=/etc"),
        (b"cat '/srv/host/a' \"/srv/host\";/srv/host/b", "cat '/a' \"/\";/b"),
        (b"PATH=/srv/host/bin:/usr/bin:/srv/host", "PATH=/bin:/usr/bin:/"),
        (b"-I/srv/host/include", "-I/include"),
        (b"file:///srv/host/x", "file:///x"),
        (b"/backup/srv/host/x", "/backup/srv/host/x"),
        (b"/srv/host.old/x", "/srv/host.old/x"),
        (b"/srv/host2", "/srv/host2"),
        (b"/usr/bin/dash", "/bin/sh"),
        (b"see /usr/bin/dash", "see /usr/bin/dash"),
        (b"\xff /srv/host/a", "\ufffd /a"),
    ],
)
def test_arguments(text: bytes, shown: str) -> None:
    assert PLAIN.text(text) == shown


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (b"/usr/bin/dash", Shown("/bin/sh", "/usr/bin/dash -> /bin/sh")),
        (b"/srv/host/bin/sh", Shown("/bin/sh")),
        (b"/opt/py/bin/python3.13", Shown("/usr/bin/python3", PYTHON_RULE)),
        (b"/srv/host/bin/python3.13", Shown("/bin/python3.13")),
        (b"/opt/python3.13-config", Shown("/opt/python3.13-config")),
        (b"/usr/bin/true", Shown("/usr/bin/true")),
    ],
)
def test_programs(path: bytes, shown: Shown) -> None:
    assert PLAIN.program(path) == shown


def test_a_root_behind_a_symbolic_link_goes_in_both_spellings(tmp_path: Path) -> None:
    real = tmp_path / "the real root"
    real.mkdir()
    link = tmp_path / "link"
    link.symlink_to(real)
    translator = Translator(link, TABLE)
    for root in (real, link):
        assert translator.path(os.fsencode(root / "x")) == "/x"
        assert translator.text(b"--to=" + os.fsencode(root / "x")) == "--to=/x"
    assert translator.inside(os.fsencode(real / "x"))
    assert not translator.inside(os.fsencode(tmp_path))


def test_a_host_that_is_the_whole_machine() -> None:
    whole = Translator(Path("/"), TABLE)
    assert whole.path(b"/Users/x") == whole.text(b"/Users/x") == "/Users/x"
    assert whole.inside(b"/anything")


def _bin(folder: Path, **links: str) -> str:
    folder.mkdir()
    for name, target in links.items():
        if not (folder / target).exists():
            (folder / target).write_text("")
            (folder / target).chmod(0o755)
        if name != target:
            (folder / name).symlink_to(folder / target)
    return str(folder)


def test_shells_are_named_as_on_a_mac(tmp_path: Path) -> None:
    debian = _bin(tmp_path / "debian", sh="dash", bash="bash", ls="ls")
    table = {Path(os.fsdecode(real)).name: shown for real, shown in system_programs(debian).items()}
    assert table == {"dash": "/bin/sh", "bash": "/bin/bash", "ls": "/bin/ls"}
    fedora = _bin(tmp_path / "fedora", sh="bash", bash="bash")
    assert list(system_programs(fedora).values()) == ["/bin/bash"]


def test_a_program_of_many_names_keeps_its_own(tmp_path: Path) -> None:
    assert system_programs(_bin(tmp_path / "multi", ls="coreutils", cat="coreutils")) == {}
