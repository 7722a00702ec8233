"""A notice as text: YAML that an analyst can read in a mail, with one form for one content.

What is read is written again and must give the same bytes, so that nothing in a notice, no comment
and no second key, can say anything that its data do not.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from witnessmark.content.located import parse as parse_yaml
from witnessmark.content.located import validate
from witnessmark.errors import ContentError, NoticeError
from witnessmark.model.notice import Notice
from witnessmark.notice.moments import nanoseconds, written
from witnessmark.plan import RUN_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAMESPACE = "witnessmark-notice"
"""Namespace of the signature (ssh-keygen(1), -Y sign): it is good for nothing else."""
MOST_BYTES = 256 << 10
LONGEST = 300
"""Characters of one line of text."""
MOST_DAYS = 31
_HOST = re.compile(r"(?!.*\.\.)[a-z0-9][a-z0-9._-]{0,252}")
_SCENARIO = re.compile(r"[a-z][0-9]{2}-[a-z0-9-]{1,48}")

_HEAD = """\
# DECONFLICTION NOTICE: a purple-team exercise on test Macs, played by witnessmark
#
# Within this window and on these hosts only, harmless scripts imitate MITRE ATT&CK's analytic
# AN0994: programs spawned from a browser, and files dropped in ~/Downloads or ~/Library/Caches
# that are run. What they leave and run bears the run's id, mostly as part of a mark.
#
# NOT part of it, and to be handled as any other alert: whatever bears no such mark, is on another
# host, or happens at another time. Anybody may copy a mark: look at host and time as well.
#
# Check this notice, and what an alert shows (FILE is this file; FILE.sig must lie beside it):
#   witnessmark verify-notice FILE --signers allowed_signers
#   witnessmark verify-notice FILE --signers allowed_signers --mark TEXT --host NAME --at TIME
# With OpenSSH alone (who signed it, then whether it is unaltered):
#   ssh-keygen -Y find-principals -f allowed_signers -s FILE.sig
#   ssh-keygen -Y verify -f allowed_signers -n witnessmark-notice -I SIGNER -s FILE.sig < FILE

"""


def render(notice: Notice) -> str:
    """The one text of a notice."""
    return _HEAD + "".join(f"{line}\n" for line in _lines(notice))


def parse(raw: bytes, name: str) -> Notice:
    """The notice in bytes whose signature was checked before.

    Raises:
        NoticeError: it is none, in one sentence; nothing in it is ever shown unescaped.
    """
    try:
        text = raw.decode()
        notice = validate(parse_yaml(raw, name), Notice)
    except UnicodeDecodeError:
        raise NoticeError(f"{name}: is no notice: it is not UTF-8 text") from None
    except ContentError as error:
        raise NoticeError(f"{name}: is no notice: {error.problems[0]}") from error
    for problem in problems(notice):
        raise NoticeError(f"{name}: is no notice: {problem}")
    if render(notice) != text:
        raise NoticeError(
            f"{name}: is no notice as witnessmark writes it: something stands in it beside its data"
        )
    return notice


def problems(notice: Notice) -> Iterator[str]:
    """What is wrong with a notice's content, whoever made it."""
    if not RUN_ID.fullmatch(notice.run):
        yield f"run: {notice.run!r} is no run id"
    elif notice.marks != f"wm-{notice.run}-*":
        yield f"marks: must be wm-{notice.run}-*"
    if notice.cases < 1:
        yield "cases: must be 1 or more"
    if not re.fullmatch(r"[0-9a-f]{64}", notice.content):
        yield "content: must be a SHA-256"
    for what, text in (("contact", notice.contact), ("purpose", notice.purpose)):
        if not _plain(text) or (what == "contact" and not text.strip()):
            yield f"{what}: must be one line of at most {LONGEST} printable characters"
    if notice.profile is not None and not _plain(notice.profile):
        yield "profile: must be one line"
    yield from _names("hosts", _HOST, notice.hosts)
    yield from _names("scenarios", _SCENARIO, notice.scenarios)
    yield from _window(notice.window.begins, notice.window.ends)


def _names(what: str, form: re.Pattern[str], found: Mapping[str, str]) -> Iterator[str]:
    if not found:
        yield f"{what}: names none"
    for name, text in found.items():
        if not form.fullmatch(name) or not _plain(text):
            yield f"{what}: {name[:60]!r} is no name, or what stands behind it is not one line"


def _window(begins: str, ends: str) -> Iterator[str]:
    try:
        first, last = nanoseconds(begins), nanoseconds(ends)
    except ValueError as problem:
        yield f"window: {problem}"
        return
    if (written(first), written(last)) != (begins, ends):
        yield "window: times must be written in UTC, like 2026-11-24T14:00:00Z"
    if first >= last:
        yield "window: it ends before it begins"
    elif last - first > MOST_DAYS * 86_400 * 10**9:
        yield f"window: it is longer than {MOST_DAYS} days; announce a shorter one"


def _plain(text: str) -> bool:
    return len(text) <= LONGEST and text.isprintable()


def _lines(notice: Notice) -> Iterator[str]:
    yield f"format: {notice.format}"
    yield f"run: {notice.run}"
    yield f"marks: {_text(notice.marks)}"
    yield f"cases: {notice.cases}"
    yield "window:"
    yield f"  begins: {notice.window.begins}"
    yield f"  ends: {notice.window.ends}"
    yield f"contact: {_text(notice.contact)}"
    yield f"purpose: {_text(notice.purpose)}"
    yield f"profile: {'null' if notice.profile is None else _text(notice.profile)}"
    yield f"content: {_text(notice.content)}"
    for what, found in (("hosts", notice.hosts), ("scenarios", notice.scenarios)):
        yield f"{what}:"
        yield from (f"  {_text(name)}: {_text(text)}" for name, text in found.items())


def _text(text: str) -> str:
    """A JSON string, which YAML reads as the same text."""
    return json.dumps(text, ensure_ascii=False)
