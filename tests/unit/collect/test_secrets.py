"""A secret is read where it lies, and what goes wrong never tells it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from witnessmark.collect import secrets
from witnessmark.errors import ServerError
from witnessmark.model.hosts import Credentials

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "pl4nted-s3cret-value"


def shown(found: Credentials) -> str:
    return secrets.read(found).header["Authorization"]


def test_each_place_and_each_scheme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIEM", SECRET)
    assert shown(Credentials(scheme="apikey", env="SIEM")) == f"ApiKey {SECRET}"
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    file.chmod(0o600)
    assert shown(Credentials(scheme="bearer", file=file)) == f"Bearer {SECRET}"
    argv = (sys.executable, "-c", f"print('me:{SECRET}')")
    assert shown(Credentials(scheme="basic", command=argv)) == (
        "Basic bWU6cGw0bnRlZC1zM2NyZXQtdmFsdWU="
    )
    assert shown(Credentials(scheme="splunk", env="SIEM")) == f"Splunk {SECRET}"


@pytest.mark.parametrize("scheme", ["apikey", "bearer", "basic", "splunk"])
def test_whatever_a_server_sends_back_is_hidden(scheme: str) -> None:
    found = secrets.Secret(scheme, f"me:{SECRET}")
    said = found.hide(f"bad header {found.header['Authorization']}, and {SECRET} too")
    assert f"me:{SECRET}" not in said
    assert scheme != "basic" or SECRET not in said, "the password alone is hidden too"
    assert found.header["Authorization"].partition(" ")[2] not in said
    assert "[hidden]" in said
    assert SECRET not in repr(found) + str(found) + f"{found!r}"


def wrong(found: Credentials) -> str:
    with pytest.raises(ServerError) as caught:
        secrets.read(found)
    assert caught.value.lasting
    assert SECRET not in str(caught.value)
    return str(caught.value)


def test_what_cannot_be_used_says_where_and_never_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SIEM", raising=False)
    assert "variable SIEM holds no secret" in wrong(Credentials(scheme="apikey", env="SIEM"))
    for value in (f"{SECRET}\nX: y", f"{SECRET}\u00e9"):
        monkeypatch.setenv("SIEM", value)
        assert "one line of plain ASCII" in wrong(Credentials(scheme="apikey", env="SIEM"))
    monkeypatch.setenv("SIEM", SECRET)
    assert "is not user:password" in wrong(Credentials(scheme="basic", env="SIEM"))
    file = tmp_path / "secret"
    assert "cannot be read" in wrong(Credentials(scheme="apikey", file=file))
    file.write_text(SECRET)
    file.chmod(0o644)
    assert "chmod 600" in wrong(Credentials(scheme="apikey", file=file))
    assert "is a folder, and no plain file" in wrong(Credentials(scheme="apikey", file=tmp_path))
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert "is a pipe, and no plain" in wrong(Credentials(scheme="apikey", file=tmp_path / "pipe"))


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (f"import sys; print('{SECRET}'); sys.exit(3)", "ended with status 3"),
        ("pass", "holds no secret"),
        (f"print('{SECRET}' * 2000)", "too long"),
    ],
)
def test_a_command_that_prints_none(code: str, why: str) -> None:
    argv = (sys.executable, "-c", code)
    assert why in wrong(Credentials(scheme="apikey", command=argv))


def test_a_command_that_is_none_or_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = Credentials(scheme="apikey", command=("/no/such/program",))
    assert "cannot be started" in wrong(absent)
    monkeypatch.setattr(secrets, "COMMAND_S", 0.2)
    hanging = Credentials(scheme="apikey", command=("sleep", "30"))
    assert "did not print a secret in 0.2 s" in wrong(hanging)
