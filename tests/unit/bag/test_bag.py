"""A bag that was changed in any byte is never judged."""

import re
from pathlib import Path

import pytest

from witnessmark.bag.manifest import seal, verify
from witnessmark.bag.read import open_bag
from witnessmark.bag.write import BagWriter
from witnessmark.errors import BagError
from witnessmark.model.run import Plan, RunRecord

RECORD = RunRecord(
    format=1,
    tool="witnessmark test",
    started_ns=1_800_000_000 * 10**9,
    finished_ns=1_800_000_001 * 10**9,
    plan=Plan(
        run_id="20261124t042002z-1f0c9a",
        profile=None,
        window_s=4,
        late_arrival_s=1,
        hosts=(),
        cases=(),
    ),
    facts=(),
    acts=(),
    collections=(),
)


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    writer = BagWriter(tmp_path / "a run" / "bag")
    writer.raw("mac1", "eslogger").write_bytes(b"{}\n")
    writer.add("content", {"lib/a.sh": b"x\n", "50%\nodd.sh": b"y\n"})
    writer.seal(RECORD)
    return writer.folder


def test_round_trip(bag: Path) -> None:
    opened = open_bag(bag.parent)
    assert opened.record == RECORD
    assert opened.raw("mac1", "eslogger") == b"{}\n"
    assert opened.raw("mac1", "other") is None
    assert opened.digest == verify(bag).digest


def test_it_is_bagit_as_rfc_8493_writes_it(bag: Path) -> None:
    assert (bag / "bagit.txt").read_text() == (
        "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    )
    assert re.search(r"(?m)^Payload-Oxum: \d+\.4$", (bag / "bag-info.txt").read_text())
    lines = (bag / "manifest-sha256.txt").read_text().splitlines()
    assert any(line.endswith("  data/content/50%25%0Aodd.sh") for line in lines)
    assert all(re.match(r"[0-9a-f]{64}  data/", line) for line in lines)


def test_the_digest_changes_with_every_byte(bag: Path) -> None:
    first = verify(bag).digest
    (bag / "data/raw/mac1/eslogger.ndjson").write_bytes(b"{} \n")
    assert seal(bag, {}) != first


@pytest.mark.parametrize("name", ["data/run.json", "data/raw/mac1/eslogger.ndjson", "bag-info.txt"])
def test_an_altered_byte_is_named(bag: Path, name: str) -> None:
    path = bag / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(BagError, match=re.escape(name)):
        open_bag(bag)


def test_a_missing_file_is_named(bag: Path) -> None:
    (bag / "data/content/lib/a.sh").unlink()
    with pytest.raises(BagError, match=r"lib/a\.sh is missing"):
        open_bag(bag)


def test_an_added_file_is_named(bag: Path) -> None:
    (bag / "data/extra").write_text("x")
    with pytest.raises(BagError, match="data/extra is not in the manifest"):
        open_bag(bag)


def test_a_link_in_place_of_a_file_is_refused(bag: Path, tmp_path: Path) -> None:
    path = bag / "data/content/lib/a.sh"
    (tmp_path / "twin").write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(tmp_path / "twin")
    with pytest.raises(BagError, match="does not lie inside"):
        open_bag(bag)


def test_a_manifest_that_points_outside_is_refused(bag: Path) -> None:
    manifest = bag / "manifest-sha256.txt"
    manifest.write_text(manifest.read_text() + "0" * 64 + "  ../../x\n")
    tags = "".join(
        f"{__import__('hashlib').sha256((bag / n).read_bytes()).hexdigest()}  {n}\n"
        for n in ("bagit.txt", "bag-info.txt", "manifest-sha256.txt")
    )
    (bag / "tagmanifest-sha256.txt").write_text(tags)
    with pytest.raises(BagError, match="does not lie inside the bag"):
        open_bag(bag)


def test_a_bag_is_never_written_over(bag: Path) -> None:
    with pytest.raises(BagError, match="exists already"):
        BagWriter(bag)


def test_no_bag_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BagError, match="no evidence bag here"):
        open_bag(tmp_path)


def test_a_record_of_another_form_is_refused_with_its_place(bag: Path) -> None:
    path = bag / "data/run.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": "one"'))
    seal(bag, {})
    with pytest.raises(BagError, match=r"run\.json is not understood at format"):
        open_bag(bag)
    path.write_text(path.read_text().replace('"format": "one"', '"format": 2'))
    seal(bag, {})
    with pytest.raises(BagError, match="this version reads 1"):
        open_bag(bag)


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BagError, match="name another folder with --reports"):
        BagWriter(tmp_path / "file" / "bag")
