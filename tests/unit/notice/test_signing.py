"""Whose signature counts: real keys, real ssh-keygen; every way in which it may not count."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from witnessmark.errors import NoticeError, Unsupported, UsageError
from witnessmark.notice.agree import open_notice
from witnessmark.notice.moments import nanoseconds
from witnessmark.notice.signing import MOST_BYTES, allowed_signers_line, check, sign

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.notice.conftest import Desk

DATA = b"a notice\n"


def test_a_good_signature_names_principal_and_key(desk: Desk) -> None:
    desk.lay(DATA, "n")
    found = check(DATA, desk.folder / "n.sig", desk.trust)
    assert found.name == "jane@x.example"
    shown = subprocess.run(
        ["ssh-keygen", "-l", "-f", str(desk.key)], capture_output=True, text=True, check=True
    )
    assert found.key == f"ED25519 {shown.stdout.split()[1]}"


def test_the_line_for_the_soc_holds_the_public_key_and_the_namespace(desk: Desk) -> None:
    kind, blob = desk.key.with_suffix(".pub").read_text().split()[:2]
    line = allowed_signers_line(sign(DATA, desk.key), "a")
    assert line == f'a namespaces="witnessmark-notice" {kind} {blob}'


def test_altered_unsigned_or_somebody_else_s_is_refused(
    desk: Desk, make_key: Callable[[str], Path]
) -> None:
    desk.lay(DATA, "n")
    with pytest.raises(NoticeError, match="is not a good signature of this notice"):
        check(DATA + b" ", desk.folder / "n.sig", desk.trust)
    with pytest.raises(NoticeError, match="there is no such signature"):
        check(DATA, desk.folder / "other.sig", desk.trust)
    desk.lay(DATA, "theirs", make_key("stranger"))
    with pytest.raises(NoticeError, match=r"nobody in .*allowed_signers signed this"):
        check(DATA, desk.folder / "theirs.sig", desk.trust)


def test_a_signature_for_another_purpose_does_not_count(desk: Desk) -> None:
    words = ["ssh-keygen", "-Y", "sign", "-n", "git", "-f", str(desk.key)]
    done = subprocess.run(words, input=DATA, capture_output=True, check=True)
    (desk.folder / "n.sig").write_bytes(done.stdout)
    with pytest.raises(NoticeError, match="namespace"):
        check(DATA, desk.folder / "n.sig", desk.trust)


def test_a_key_counts_only_while_the_soc_says_so(desk: Desk) -> None:
    desk.lay(DATA, "n")
    line = desk.trust.signers.read_text().replace(
        "namespaces", 'valid-after="20260101",valid-before="20260201",namespaces'
    )
    desk.trust.signers.write_text(line)
    inside = nanoseconds("2026-01-15T12:00:00Z")
    assert check(DATA, desk.folder / "n.sig", desk.trust, inside).name == "jane@x.example"
    with pytest.raises(NoticeError, match="expired"):
        check(DATA, desk.folder / "n.sig", desk.trust, nanoseconds("2026-03-15T12:00:00Z"))


def test_a_revoked_key_does_not_count(desk: Desk) -> None:
    desk.lay(DATA, "n")
    revoked = desk.folder / "revoked"
    revoked.write_bytes(desk.key.with_suffix(".pub").read_bytes())
    with pytest.raises(NoticeError, match="is not a good signature"):
        check(DATA, desk.folder / "n.sig", replace(desk.trust, revoked=revoked))
    with pytest.raises(UsageError, match="cannot be read"):
        check(DATA, desk.folder / "n.sig", replace(desk.trust, revoked=desk.folder / "none"))


@pytest.mark.parametrize("raw", [b"", b"x" * 100, b"-----BEGIN SSH SIGNATURE-----\nAAAA\n"])
def test_what_is_no_signature_is_refused(desk: Desk, raw: bytes) -> None:
    (desk.folder / "n.sig").write_bytes(raw)
    with pytest.raises(NoticeError, match="none that ssh-keygen makes"):
        check(DATA, desk.folder / "n.sig", desk.trust)


def test_files_that_cannot_be_ours_are_bad_input(desk: Desk) -> None:
    desk.lay(DATA, "n")
    none = replace(desk.trust, signers=desk.folder / "none")
    with pytest.raises(UsageError, match="none: cannot be read"):
        check(DATA, desk.folder / "n.sig", none)
    (desk.folder / "huge").write_bytes(b"#" * (MOST_BYTES + 1))
    with pytest.raises(UsageError, match="larger than"):
        check(DATA, desk.folder / "n.sig", replace(desk.trust, signers=desk.folder / "huge"))
    os.mkfifo(desk.folder / "pipe")
    for trust in (
        replace(desk.trust, signers=desk.folder / "pipe"),
        replace(desk.trust, revoked=desk.folder / "pipe"),
    ):
        with pytest.raises(UsageError, match=r"pipe: cannot be read \(it is a pipe"):
            check(DATA, desk.folder / "n.sig", trust)
    with pytest.raises(UsageError, match=r"pipe: cannot be read \(it is a pipe"):
        open_notice(desk.folder / "pipe", desk.trust)


def test_a_key_of_the_agent_signs_with_its_private_file_gone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = desk.folder / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        for _ in range(200):
            words = ["ssh-add", "-q", str(desk.key)]
            if subprocess.run(words, capture_output=True, check=False).returncode == 0:
                break
        else:
            pytest.skip("no ssh-agent here")
        desk.key.unlink()
        public = desk.key.with_suffix(".pub")
        desk.lay(DATA, "n", public)
        assert check(DATA, desk.folder / "n.sig", desk.trust).name == "jane@x.example"
        monkeypatch.delenv("SSH_AUTH_SOCK")
        with pytest.raises(UsageError, match="could not sign"):
            sign(DATA, public)
    finally:
        agent.terminate()
        agent.wait()


def test_without_a_key_or_ssh_keygen_it_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="no such key"):
        sign(DATA, desk.folder / "none")
    monkeypatch.setitem(os.environ, "PATH", str(desk.folder))
    with pytest.raises(Unsupported, match="install OpenSSH"):
        sign(DATA, desk.key)
