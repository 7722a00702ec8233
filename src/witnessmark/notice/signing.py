"""Signs and checks notices with ssh-keygen(1), -Y: no key is ever read or held by this suite."""

from __future__ import annotations

import base64
import binascii
import re
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from witnessmark import plainfile
from witnessmark.errors import NoticeError, Unsupported, UsageError
from witnessmark.notice.text import MOST_BYTES, NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LIMIT_S = 60.0
"""Seconds for ssh-keygen to check a signature. Signing may wait for a passphrase or a touch."""
_SIGNATURE = re.compile(
    rb"-----BEGIN SSH SIGNATURE-----\n([A-Za-z0-9+/=\n]+)-----END SSH SIGNATURE-----\n?"
)
_GOOD = re.compile(r'Good "[^"]+" signature (?:for .+ )?with (\S+) key (\S+)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signed: the principal of the allowed_signers file, and the key's type and fingerprint."""

    name: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whose signature counts: an allowed_signers file, and perhaps keys that were revoked."""

    signers: Path
    revoked: Path | None = None


def sign(data: bytes, key: Path) -> bytes:
    """The signature of ``data`` by a private key file, or by the agent's key of a ``.pub`` file.

    Raises:
        UsageError: ssh-keygen could not sign; its own words say why.
    """
    if not key.is_file():
        raise UsageError(f"{key}: no such key; name a key file, or the .pub of a key in the agent")
    done = _keygen(["-Y", "sign", "-n", NAMESPACE, "-f", str(key.absolute())], data, None)
    if done.returncode != 0:
        raise UsageError(f"{key}: could not sign ({_words(done)})")
    return done.stdout


def check(data: bytes, signature: Path, trust: Trust, at_ns: int | None = None) -> Signer:
    """Who signed these bytes, if somebody did whose signature counts at that moment (now).

    Raises:
        NoticeError: not signed, altered since, or signed by somebody else.
        UsageError: a file cannot be read.
    """
    if not signature.is_file():
        raise NoticeError(f"{signature}: there is no such signature, so nobody vouches for it")
    _public_key(read(signature))
    for path in (trust.signers, trust.revoked):
        if path is not None:
            read(path)
    when = [] if at_ns is None else ["-O", f"verify-time={_local(at_ns)}"]
    files = ["-f", str(trust.signers.absolute()), "-s", str(signature.absolute())]
    found = _keygen(["-Y", "find-principals", *when, *files], b"", LIMIT_S)
    last = found
    for name in dict.fromkeys(found.stdout.decode(errors="replace").splitlines()):
        revoked = ["-r", str(trust.revoked.absolute())] if trust.revoked else []
        words = ["-Y", "verify", "-n", NAMESPACE, "-I", name, *when, *files, *revoked]
        last = _keygen(words, data, LIMIT_S)
        good = _GOOD.match(last.stdout.decode(errors="replace"))
        if last.returncode == 0 and good:
            return Signer(name=name, key=f"{good[1]} {good[2]}")
    if last is found:
        raise NoticeError(f"{signature}: nobody in {trust.signers} signed this ({_words(found)})")
    raise NoticeError(f"{signature}: is not a good signature of this notice ({_words(last)})")


def allowed_signers_line(signature: bytes, name: str) -> str:
    """The line by which a SOC trusts the key of a signature, for notices and nothing else."""
    kind, blob = _public_key(signature)
    return f'{name} namespaces="{NAMESPACE}" {kind} {blob}'


def read(path: Path) -> bytes:
    """A small file of the user's.

    Raises:
        UsageError: it is no plain file, cannot be read, or is larger than any of these files has
            reason to be.
    """
    try:
        data = plainfile.read(path, MOST_BYTES + 1)
    except OSError as problem:
        raise UsageError(f"{path}: cannot be read ({problem.strerror})") from problem
    if len(data) > MOST_BYTES:
        raise UsageError(f"{path}: is larger than {MOST_BYTES >> 10} KiB, so it is none of ours")
    return data


def _public_key(signature: bytes) -> tuple[str, str]:
    """Type and blob of the key in a signature (PROTOCOL.sshsig: the string after the version)."""
    found = _SIGNATURE.fullmatch(signature)
    try:
        raw = base64.b64decode(found[1], validate=False) if found else b""
    except binascii.Error:
        raw = b""
    if raw[:6] != b"SSHSIG" or raw[6:10] != b"\0\0\0\1":
        raise NoticeError("the signature is none that ssh-keygen makes (-Y sign)")
    key = _string(raw[10:])
    kind = _string(key)
    if not re.fullmatch(rb"[a-z0-9@.-]{1,60}", kind):
        raise NoticeError("the signature is none that ssh-keygen makes (-Y sign)")
    return kind.decode(), base64.b64encode(key).decode()


def _string(raw: bytes) -> bytes:
    """The first string of RFC 4251, section 5: four bytes of length, then so many bytes."""
    return raw[4 : 4 + int.from_bytes(raw[:4], "big")]


def _keygen(
    words: Sequence[str], data: bytes, limit_s: float | None
) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["ssh-keygen", *words], input=data, capture_output=True, check=False, timeout=limit_s
        )
    except FileNotFoundError:
        raise Unsupported("no `ssh-keygen` on PATH; install OpenSSH (8.2 or newer)") from None
    except subprocess.TimeoutExpired:
        raise NoticeError(f"ssh-keygen did not answer within {LIMIT_S:.0f} s") from None


def _words(done: subprocess.CompletedProcess[bytes]) -> str:
    """What ssh-keygen said, in one line."""
    said = (done.stderr + done.stdout).decode(errors="replace").splitlines()
    return "; ".join(line.strip() for line in said if line.strip())[:500] or "it said nothing"


def _local(moment_ns: int) -> str:
    """ssh-keygen takes a time without a zone as local time."""
    return time.strftime("%Y%m%d%H%M%S", time.localtime(moment_ns // 10**9))
