"""Only reviewed payloads ever go onto a host, and never without the step library."""

import shutil
from pathlib import Path

import pytest

from witnessmark.content import pack, root
from witnessmark.errors import ContentError


@pytest.fixture
def scenarios(tmp_path: Path) -> Path:
    return Path(shutil.copytree(root() / "scenarios", tmp_path / "scenarios"))


def problems(folder: Path) -> list[str]:
    with pytest.raises(ContentError) as caught:
        pack.build(folder)
    return list(caught.value.problems)


def test_the_pack_holds_library_payloads_scripts_and_what_cleans_up(scenarios: Path) -> None:
    files = pack.build(scenarios)
    assert files == pack.build()
    assert {"lib/witness.sh", "lib/deadman.sh", "lib/sweep.sh"} <= files.keys()
    assert any(name.endswith("/run.sh") for name in files)
    assert not any(name.endswith(".yaml") for name in files)


def test_without_the_step_library_there_is_no_pack(scenarios: Path) -> None:
    (scenarios / "lib" / "witness.sh").unlink()
    assert problems(scenarios) == [f"{scenarios}: lib/witness.sh is missing; reinstall witnessmark"]


def test_without_the_list_of_reviewed_payloads_none_is_trusted(scenarios: Path) -> None:
    (scenarios / pack.PAYLOADS).unlink()
    (problem,) = problems(scenarios)
    assert "no payload can be trusted" in problem


def test_a_changed_a_missing_and_an_unlisted_payload_are_all_told(scenarios: Path) -> None:
    folder = scenarios / "lib" / "payloads"
    changed, missing, *_ = sorted(folder.iterdir())
    changed.write_bytes(changed.read_bytes() + b"\n")
    missing.unlink()
    (folder / "zz-new.sh").write_text("true\n")
    found = problems(scenarios)
    assert len(found) == 3
    for name, said in (
        (changed.name, "is not a reviewed payload"),
        (missing.name, "lists this payload, but it is not there"),
        ("zz-new.sh", "is not a reviewed payload"),
    ):
        assert any(f"/{name}: " in item and said in item for item in found), name


def test_a_scenarios_script_is_its_text_and_nothing_where_there_is_none() -> None:
    assert pack.script_of("drop-exec", "p11-quarantined-download").startswith("# P11: ")
    assert pack.script_of("drop-exec", "p99-nothing") == ""
