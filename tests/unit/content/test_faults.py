"""A fault is found by its name or its file, breaks the hosts that it names, and no others."""

from pathlib import Path

import pytest

from witnessmark.content import faults
from witnessmark.content.faults import Fault
from witnessmark.errors import ContentError, UsageError

DROP = Fault(id="x", title="t", expect="blind", faults=({"action": "drop"},))


def test_a_fault_that_names_no_host_breaks_all_each_with_its_own() -> None:
    found = DROP.on(["mac1", "mac2"])
    assert found == {"mac1": [{"action": "drop"}], "mac2": [{"action": "drop"}]}
    found["mac1"][0]["action"] = "changed"
    assert found["mac2"] == [{"action": "drop"}]
    assert DROP.faults == ({"action": "drop"},)


def test_a_fault_breaks_only_the_hosts_that_it_names() -> None:
    one = Fault(id="x", title="t", expect="blind", faults=DROP.faults, hosts=("mac2",))
    assert one.on(["mac1", "mac2"]) == {"mac2": [{"action": "drop"}]}
    with pytest.raises(UsageError, match=r"^fault x: mac2 is none of mac1, mac3$"):
        one.on(["mac1", "mac3"])


def test_a_shipped_fault_is_found_by_its_name_and_a_file_by_its_path(tmp_path: Path) -> None:
    shipped = faults.load("drop-exec")
    copy = tmp_path / "mine.yaml"
    copy.write_text(
        "id: mine\ntitle: t\nexpect: e\nfaults: [{layer: sensor, action: drop, event: exec}]\n"
    )
    assert shipped.id == "drop-exec"
    assert faults.load(str(copy)).id == "mine"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("drop-exek", r"did you mean drop-exec\?$"),
        ("./drop-exec", r"did you mean drop-exec\?$"),
        ("qqq/zzz.yaml", "there are: .*drop-exec, "),
    ],
)
def test_a_fault_that_is_none_is_refused_with_what_was_meant(name: str, said: str) -> None:
    with pytest.raises(UsageError, match=rf"no fault is called .*{said}"):
        faults.load(name)


def test_a_fault_that_nobody_knows_to_inject_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text("id: odd\ntitle: t\nexpect: e\nfaults: [{action: explode}]\n")
    with pytest.raises(ContentError) as caught:
        faults.load(str(file))
    assert all(item.startswith(f"{file}:4: faults.0: ") for item in caught.value.problems)


def test_every_problem_of_a_fault_file_is_told_at_once_at_its_own_line(tmp_path: Path) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text(
        "id: odd\ntitel: t\nexpect: e\nfaults:\n"
        "  - layer: sensor\n    action: drop\n    evry: 2\n"
        "  - layer: sensor\n    action: drop\n    every: 0\n"
        "  - layer: sensr\n    action: drop\n"
    )
    with pytest.raises(ContentError) as caught:
        faults.load(str(file))
    said = [item.removeprefix(f"{file}:") for item in caught.value.problems]
    assert [item.partition(": ")[0] for item in said] == ["1", "2", "7", "10", "11"]
    assert said[1] == "2: titel: unknown key; did you mean title?"
    assert said[2].startswith("7: faults.0: unknown key 'evry'")
    assert said[3].startswith("10: faults.1: every must be a whole number")
    assert said[4].startswith("11: faults.2: unknown layer 'sensr'")
