"""Documented workflows suppress visibly, and never by path alone."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from witnessmark.content.located import parse, validate
from witnessmark.errors import ContentError
from witnessmark.model.detections import Answer
from witnessmark.model.workflows import Match, Workflow

HOME = "/Users/kim"
UPDATER = f"{HOME}/Library/Caches/org.x/Updater"
HOST = "/Users/kim/hosts/pass.py"
TEAM = {"team_id": "ABCDE12345", "signing_id": "org.x.Updater", "cs_flags": 0x20010001}


def entry(**given: Any) -> Workflow:
    plain: dict[str, Any] = {
        "id": "updater",
        "owner": "desktop team",
        "reason": "self update",
        "subject": "image",
        "match": Match(path="~/Library/Caches/*/Updater", team_id="ABCDE12345"),
        "branch": "B",
        "first_seen": date(2026, 1, 1),
        "review_by": date(2026, 12, 1),
        "expires": date(2027, 1, 1),
        "evidence": "ticket 7",
    }
    return Workflow(**plain | given)


SCRIPT = entry(
    id="pass", subject="script", match=Match(path="~/hosts/*.py", sha256="ab" * 32), branch="A"
)


def update(tape: Any, **signing: Any) -> None:
    tape.write(UPDATER)
    tape.spawn(tape.terminal, UPDATER, **TEAM | signing)


def test_signed_updater_is_suppressed_by_name(tape: Any, answers: Any) -> None:
    update(tape)
    (found,) = answers(tape, baseline=[entry()])
    assert (found.answer, found.workflow) == (Answer.SUPPRESSED, "updater")
    assert answers.fired(tape) == ["B"]


@pytest.mark.parametrize(
    "signing", [{"team_id": "ZZZZZ99999"}, {"team_id": None, "cs_flags": 0x20000003}]
)
def test_same_path_with_another_signature_fires(tape: Any, answers: Any, signing: Any) -> None:
    update(tape, **signing)
    assert answers.fired(tape, baseline=[entry()]) == ["B"]


def test_unknown_signature_is_undetermined(standin: Any, answers: Any) -> None:
    update(standin)
    (found,) = answers(standin, baseline=[entry()])
    assert found.answer is Answer.UNDETERMINED
    assert "workflow updater" in found.reason
    assert "team_id" in found.simulated


def test_unknown_signature_at_another_path_fires(standin: Any, answers: Any) -> None:
    standin.write(f"{HOME}/Downloads/u")
    standin.spawn(standin.terminal, f"{HOME}/Downloads/u")
    assert answers.fired(standin, baseline=[entry()]) == ["B"]


def test_expired_or_other_branch_does_not_suppress(tape: Any, answers: Any) -> None:
    update(tape)
    old = entry(first_seen=date(2020, 1, 1), review_by=date(2020, 1, 1), expires=date(2020, 1, 2))
    assert answers.fired(tape, baseline=[old, entry(branch="A")]) == ["B"]


def test_writer_and_ancestor_must_match_too(tape: Any, answers: Any) -> None:
    update(tape)
    zsh = Match(path="/bin/zsh", signing_id="com.apple.zsh")
    cp = Match(path="/bin/cp", signing_id="com.apple.cp")
    (found,) = answers(tape, baseline=[entry(writer=zsh, ancestor=zsh)])
    assert found.answer is Answer.SUPPRESSED
    assert answers.fired(tape, baseline=[entry(writer=cp)]) == ["B"]
    assert answers.fired(tape, baseline=[entry(ancestor=cp)]) == ["B"]


def test_ancestor_subject(tape: Any, answers: Any) -> None:
    agent = tape.spawn(tape.launchd, "/Library/MDM/agent", **TEAM)
    tape.write(f"{HOME}/Library/Caches/x.sh", agent)
    tape.spawn(agent, "/bin/sh", ["sh", f"{HOME}/Library/Caches/x.sh"])
    mdm = entry(
        id="mdm", subject="ancestor", match=Match(path="/Library/MDM/*", team_id="ABCDE12345")
    )
    (found,) = answers(tape, baseline=[mdm])
    assert (found.answer, found.workflow) == (Answer.SUPPRESSED, "mdm")


@pytest.mark.parametrize(
    ("hashes", "answer"),
    [({HOST: "AB" * 32}, Answer.SUPPRESSED), ({HOST: "cd" * 32}, Answer.FIRED)],
)
def test_script_host_by_its_hash(tape: Any, answers: Any, hashes: Any, answer: Answer) -> None:
    tape.spawn(tape.chrome(), "/usr/bin/python3", ["python3", HOST])
    (found,) = answers(tape, baseline=[SCRIPT], hashes=hashes)
    assert (found.answer, found.reason) == (answer, None)


def test_script_host_without_a_hash_is_unverified(tape: Any, answers: Any) -> None:
    tape.spawn(tape.chrome(), "/usr/bin/python3", ["python3", HOST])
    (found,) = answers(tape, baseline=[SCRIPT])
    assert found.answer is Answer.SUPPRESSED
    assert found.reason.startswith("unverified")


def test_suppressed_host_does_not_cover_what_it_spawns(tape: Any, answers: Any) -> None:
    host = tape.spawn(tape.chrome(), "/usr/bin/python3", ["python3", HOST])
    tape.spawn(host, "/bin/sh", ["sh", "-c", "id"])
    (found,) = answers(tape, baseline=[SCRIPT], hashes={HOST: "ab" * 32})
    assert found.answer is Answer.FIRED
    assert [item.path for item in found.matched] == ["/bin/sh"]


def test_a_suppressed_alert_does_not_dedupe_a_real_one(tape: Any, answers: Any) -> None:
    update(tape)
    tape.spawn(tape.terminal, UPDATER, **TEAM | {"team_id": "ZZZZZ99999"})
    found = answers(tape, baseline=[entry()])
    assert [item.answer for item in found] == [Answer.SUPPRESSED, Answer.FIRED]


YAML = """\
id: x
owner: o
reason: r
subject: {subject}
match: {match}
branch: AB
first_seen: 2026-01-01
review_by: 2026-06-01
expires: {expires}
evidence: e
"""


@pytest.mark.parametrize(
    ("subject", "match", "expires", "problem"),
    [
        ("image", "{path: /a}", "2027-01-01", "can be forged"),
        ("ancestor", "{path: /a}", "2027-01-01", "can be forged"),
        ("script", "{path: /a, signing_id: com.apple.bash}", "2027-01-01", "needs its sha256"),
        ("image", "{path: /a, team_id: T, sha256: ab}", "2027-01-01", "cdhash instead"),
        ("image", "{path: /a, team_id: T}", "2026-02-01", "in this order"),
        ("image", "{path: /a, team_id: T}", "soon", "expires"),
    ],
)
def test_path_only_and_endless_entries_are_refused(
    subject: str, match: str, expires: str, problem: str
) -> None:
    text = YAML.format(subject=subject, match=match, expires=expires)
    with pytest.raises(ContentError, match=problem):
        validate(parse(text, "f"), Workflow)


def test_entries_load_from_yaml() -> None:
    text = YAML.format(subject="image", match="{path: /a, team_id: T}", expires="2027-01-01")
    assert validate(parse(text, "f"), Workflow).expires == date(2027, 1, 1)
