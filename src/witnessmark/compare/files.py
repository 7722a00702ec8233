"""Finds the rules below a folder: Sigma (YAML), EQL, and Elastic's TOML rules that hold EQL."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from witnessmark import plainfile
from witnessmark.compare.outcome import Form
from witnessmark.compare.timelimit import OutOfTime, processor_time
from witnessmark.content.located import parse
from witnessmark.errors import ContentError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SUFFIXES = (".yml", ".yaml", ".eql", ".toml")
MOST_FILES = 20_000
MOST_BYTES = 256 << 10
MOST_DOCUMENTS = 100
READ_S = 10.0
"""Processor time that reading one file may take."""
_MARKER = re.compile(r"(?m)^---(?=\s|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of a file. With a ``problem`` it could not even be read."""

    file: str
    form: Form | None = None
    title: str = ""
    query: str = ""
    """Of an EQL rule its text."""
    documents: tuple[Mapping[str, Any], ...] = ()
    """Of a Sigma rule itself, and of a correlation also the rules that it refers to."""
    problem: str | None = None
    elsewhere: str | None = None
    """The platform that a rule is made for, if that is not macOS: it is not asked then."""


def find(folder: Path) -> tuple[Rule, ...]:
    """Every rule below a folder (or of one file), by file name. Nothing of them is executed.

    Raises:
        UsageError: there is no such folder, or no file in it that could hold a rule.
    """
    if not folder.exists():
        raise UsageError(f"{folder}: no such file or folder")
    files = [folder] if not folder.is_dir() else sorted(folder.rglob("*"))
    named = [item for item in files if item.suffix.lower() in SUFFIXES and not item.is_dir()]
    if not named:
        raise UsageError(f"{folder}: holds no rule ({', '.join('*' + item for item in SUFFIXES)})")
    if len(named) > MOST_FILES:
        raise UsageError(f"{folder}: holds more than {MOST_FILES} files; name a folder of fewer")
    base = folder if folder.is_dir() else folder.parent
    read = [(str(item.relative_to(base)), *_text(item)) for item in named]
    sigma = [(name, *_documents(name, text, bad)) for name, text, bad in read if _yaml(name)]
    known = _by_name([item for _, items, _ in sigma for item in items])
    found = [rule for name, items, bad in sigma for rule in _sigma(name, items, bad, known)]
    found += [_eql(name, text, bad) for name, text, bad in read if not _yaml(name)]
    return tuple(sorted(found, key=lambda item: (item.file, item.title)))


def _yaml(name: str) -> bool:
    return name.lower().endswith((".yml", ".yaml"))


def _text(path: Path) -> tuple[str, str | None]:
    """The text of a file, or why there is none."""
    try:
        raw = plainfile.read(path, MOST_BYTES + 1)
    except OSError as error:
        return "", f"cannot be read: {error.strerror}"
    if len(raw) > MOST_BYTES:
        return "", f"larger than {MOST_BYTES >> 10} KiB"
    try:
        return raw.decode("utf-8-sig"), None
    except UnicodeDecodeError:
        return "", "is no UTF-8 text"


def _documents(name: str, text: str, bad: str | None) -> tuple[list[Mapping[str, Any]], str | None]:
    """The YAML documents of a file; plain data, whatever tags and aliases it has."""
    if bad is not None:
        return [], bad
    try:
        with processor_time(READ_S):
            return _parsed(name, text)
    except ContentError as error:
        return [], _placed(error.problems[0], name)
    except OutOfTime:
        return [], f"took more than {READ_S:g} s of processor time to read"


def _parsed(name: str, text: str) -> tuple[list[Mapping[str, Any]], str | None]:
    found: list[Mapping[str, Any]] = []
    for line, part in _split(text):
        document = parse("\n" * line + part, name)
        if document.problems:
            return [], _placed(document.problems[0], name)
        if document.data is None:
            continue
        if not isinstance(document.data, dict):
            return [], f"line {line + 1}: is no rule: must be a mapping"
        found.append(document.data)
    return (found, None) if found else ([], "is empty")


def _placed(problem: str, name: str) -> str:
    """A problem by its line alone: the file is named beside it."""
    return problem.replace(f"{name}:", "line ", 1)


def _split(text: str) -> list[tuple[int, str]]:
    """The documents of a YAML stream, each with the number of lines before it.

    ``---`` at the beginning of a line starts a document wherever it stands (YAML 1.1, 9.1.1).
    """
    starts = [0, *(found.start() for found in _MARKER.finditer(text) if found.start())]
    if len(starts) > MOST_DOCUMENTS:
        raise ContentError([f"holds more than {MOST_DOCUMENTS} documents"])
    ends = [*starts[1:], len(text)]
    return [(text.count("\n", 0, at), text[at:end]) for at, end in zip(starts, ends, strict=True)]


def _by_name(documents: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {
        str(item[key]): item
        for key in ("id", "name")
        for item in documents
        if isinstance(item.get(key), str)
    }


def _sigma(
    name: str,
    documents: Sequence[Mapping[str, Any]],
    bad: str | None,
    known: Mapping[str, Mapping[str, Any]],
) -> list[Rule]:
    if bad is not None:
        return [Rule(file=name, form=Form.SIGMA, problem=bad)]
    referred = {word for item in documents for word in _references(item)}
    heads = [
        item
        for item in documents
        if not referred & {item.get("name"), item.get("id")} or item.get("generate") is True
    ]
    return [
        Rule(
            file=name,
            form=Form.SIGMA,
            title=str(item.get("title", "")),
            documents=tuple(_with_references(item, known, [])),
            elsewhere=_platform(item),
        )
        for item in heads or documents
    ]


def _references(document: Mapping[str, Any]) -> list[str]:
    correlation = document.get("correlation")
    named = correlation.get("rules") if isinstance(correlation, dict) else None
    items = named if isinstance(named, list) else [named]
    return [item for item in items if isinstance(item, str)]


def _with_references(
    document: Mapping[str, Any],
    known: Mapping[str, Mapping[str, Any]],
    taken: list[Mapping[str, Any]],
) -> list[Mapping[str, Any]]:
    """The document last, after all that it refers to, however far; a circle ends."""
    if any(item is document for item in taken) or len(taken) > MOST_DOCUMENTS:
        return taken
    taken.append(document)
    for word in _references(document):
        if word in known:
            _with_references(known[word], known, taken)
    return taken


def _platform(document: Mapping[str, Any]) -> str | None:
    source = document.get("logsource")
    product = source.get("product") if isinstance(source, dict) else None
    return product if isinstance(product, str) and product != "macos" else None


def _eql(name: str, text: str, bad: str | None) -> Rule:
    title = ""
    if bad is None and name.lower().endswith(".toml"):
        title, text, bad = _elastic(text)
    elif bad is None and not text.strip():
        bad = "is empty"
    return Rule(file=name, form=Form.EQL, title=title, query=text, problem=bad)


def _elastic(text: str) -> tuple[str, str, str | None]:
    """Title and query of a rule file of Elastic's, or why there is none."""
    try:
        rule = tomllib.loads(text).get("rule")
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return "", "", f"is no TOML: {' '.join(str(error).split())[:200]}"
    if not isinstance(rule, dict):
        return "", "", "has no [rule]"
    title, query, language = (rule.get(key) for key in ("name", "query", "language"))
    if language != "eql" or not isinstance(query, str):
        return str(title or ""), "", f"its language is {language!r}; of TOML rules only eql is run"
    return str(title or ""), query, None
