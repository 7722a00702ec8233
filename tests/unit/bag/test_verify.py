"""A bag is exactly what its manifests say: nothing more, nothing else, nothing twice."""

from __future__ import annotations

import hashlib
import os
import socket
from typing import TYPE_CHECKING

import pytest

from witnessmark.bag.manifest import TAGS, verify
from witnessmark.bag.read import open_bag
from witnessmark.errors import BagError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def tags(bag: Path, *names: str) -> None:
    """Write a tagmanifest over these files."""
    lines = [f"{hashlib.sha256((bag / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (bag / "tagmanifest-sha256.txt").write_text("".join(lines))


@pytest.mark.parametrize("names", [(), TAGS[:2], TAGS[1:], (*TAGS, "data/run.json")])
def test_the_tagmanifest_lists_the_three_tag_files_and_no_others(
    bag: Path, names: tuple[str, ...]
) -> None:
    tags(bag, *names)
    with pytest.raises(BagError, match=r"must list bagit\.txt, bag-info\.txt"):
        open_bag(bag)


def test_a_file_listed_twice_is_refused(bag: Path) -> None:
    tags(bag, *TAGS, TAGS[0])
    with pytest.raises(BagError, match=r"bagit\.txt' is listed twice"):
        open_bag(bag)
    manifest = bag / "manifest-sha256.txt"
    manifest.write_bytes(manifest.read_bytes() + manifest.read_bytes().splitlines(True)[0])
    tags(bag, *TAGS)
    with pytest.raises(BagError, match="is listed twice"):
        open_bag(bag)


@pytest.mark.parametrize(
    "name", ["data/content/../run.json", "data//run.json", "data/./run.json", "bagit.txt", "data"]
)
def test_a_name_with_a_detour_is_refused(bag: Path, name: str) -> None:
    manifest = bag / "manifest-sha256.txt"
    manifest.write_text(manifest.read_text() + f"{'0' * 64}  {name}\n")
    tags(bag, *TAGS)
    with pytest.raises(BagError, match="does not lie inside the bag"):
        open_bag(bag)


@pytest.mark.parametrize("name", ["manifest-sha256.txt", "tagmanifest-sha256.txt"])
def test_a_manifest_of_bytes_is_one_sentence(bag: Path, name: str) -> None:
    (bag / name).write_bytes(b"\xff\xfe\x00")
    if name != "tagmanifest-sha256.txt":
        tags(bag, *TAGS)
    with pytest.raises(BagError, match="is not UTF-8 text"):
        open_bag(bag)


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(path))


@pytest.mark.parametrize(
    "make",
    [
        os.mkfifo,
        a_socket,
        lambda path: path.symlink_to("run.json"),
        lambda path: path.symlink_to("/"),
    ],
    ids=["fifo", "socket", "link", "link to a folder"],
)
def test_what_is_neither_file_nor_folder_is_refused(
    bag: Path, make: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bag)
    make(bag / "data/odd")
    with pytest.raises(BagError, match="data/odd is not in the manifest"):
        open_bag(bag)


def test_the_bag_s_own_folder_holds_the_tag_files_and_signatures_only(bag: Path) -> None:
    first = verify(bag)
    (bag / "tagmanifest-sha256.txt.sig").write_bytes(b"signed")
    assert verify(bag) == first
    (bag / "README").touch()
    with pytest.raises(BagError, match="README does not belong"):
        open_bag(bag)


@pytest.mark.parametrize("name", ["data", "bag-info.txt", "tagmanifest-sha256.txt"])
def test_links_in_the_bag_s_own_folder_are_refused(bag: Path, name: str) -> None:
    (bag / name).rename(bag.parent / name)
    (bag / name).symlink_to(bag.parent / name)
    with pytest.raises(BagError, match=f"{name} is a symbolic link"):
        open_bag(bag)


def test_a_payload_that_is_not_listed_is_never_read_as_the_record(bag: Path) -> None:
    manifest = bag / "manifest-sha256.txt"
    kept = [line for line in manifest.read_text().split("\n") if not line.endswith("run.json")]
    manifest.write_text("\n".join(kept))
    tags(bag, *TAGS)
    with pytest.raises(BagError, match=r"run\.json is not in the manifest"):
        open_bag(bag)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_cannot_be_read_is_one_sentence(bag: Path) -> None:
    (bag / "data/run.json").chmod(0)
    with pytest.raises(BagError, match="cannot be read"):
        verify(bag)
