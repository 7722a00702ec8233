"""Canonical keys and globs (K2)."""

from __future__ import annotations

import time

import pytest

from witnessmark.analytic.keys import Paths, words


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/System/Volumes/Data/Users/Kim/X", "/users/kim/x"),
        ("/System/Volumes/DataX/a", "/system/volumes/datax/a"),
        ("/System/Volumes/Data", "/"),
        ("/private/tmp/a", "/tmp/a"),
        ("/private/tmpx/a", "/private/tmpx/a"),
        ("/private/var/folders", "/var/folders"),
        ("/System/Volumes/Data/private/var/x", "/var/x"),
        ("//a//b/./c/../d/", "/a/b/d"),
        ("/../../a", "/a"),
        ("/stra\u00dfe", "/strasse"),
        ("/u\u0308", "/\u00fc"),
    ],
)
def test_one_spelling(path: str, key: str) -> None:
    assert Paths().key(path) == key


def test_case_sensitive_volume_keeps_case() -> None:
    assert Paths(case_sensitive=True).key("/System/Volumes/Data/Users/Kim") == "/Users/Kim"


@pytest.mark.parametrize("case_sensitive", [False, True])
@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("/Users/kim/Downloads/x", True),
        ("/Users/kim/Downloads/a/b/x", True),
        ("/Users/kim/Downloads", False),
        ("/Users/kim/Downloads2/x", False),
        ("/Users/Shared/Downloads/x", False),
        ("/Users/SharedBy/Downloads/x", True),
        ("/Users/a/b/Downloads/x", False),
        ("/var/root/Downloads/x", True),
        ("/private/var/root/Downloads/\n", True),
    ],
)
def test_home_of_every_local_user(path: str, inside: bool, case_sensitive: bool) -> None:
    paths = Paths(case_sensitive=case_sensitive)
    assert bool(paths.inside(["~/Downloads"]).match(paths.key(path))) is inside


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("/a/*/c", "/a/b/c", True),
        ("/a/*/c", "/a/b/x/c", False),
        ("/a/**/c", "/a/b/x/c", True),
        ("/a/**/c", "/a/c", True),
        ("/a/b*", "/a/bc\n", True),
        ("/a/b", "/a/b\n", False),
        ("/a/[Bb]", "/a/b", True),
        ("/a/?", "/a/bb", False),
        ("/a.b", "/axb", False),
    ],
)
def test_globs(glob: str, path: str, matches: bool) -> None:
    paths = Paths()
    assert bool(paths.exactly([glob]).match(paths.key(path))) is matches


def test_no_pattern_matches_nothing() -> None:
    assert not words([]).match("")
    assert not Paths().inside([]).match("/a/b")


def test_links_lead_on_but_never_in_circles() -> None:
    paths = Paths(symlinks=[("/a", "/b"), ("/b", "/a"), ("/", "/x")])
    assert paths.key("/a/c") in ("/a/c", "/b/c")


def test_megabytes_of_path_cost_nothing() -> None:
    paths = Paths()
    pattern = paths.exactly(["/**/a.app/**/b*/**/c"])
    began = time.process_time()
    assert not pattern.match(paths.key("/a.app/b/" * 1_000_000))
    assert time.process_time() - began < 2
