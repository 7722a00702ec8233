"""Inventories: what is read, and that every problem is told at once with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from witnessmark import inventory
from witnessmark.content import root
from witnessmark.errors import ContentError, UsageError
from witnessmark.inventory.groups import Listing
from witnessmark.model.hosts import Host, Origin, Role

GENERATED = """\
all:
  children:
    standin:
      hosts:
        mac2: {ansible_host: 127.0.0.1, ansible_port: 2222, ansible_user: purple,
          ansible_ssh_private_key_file: /state/client_key, witnessmark_known_hosts: /state/known,
          witnessmark_path_prefix: /state/mac2/root, witnessmark_origin: stand-in,
          witnessmark_browser: /Applications/B r.app/B, ansible_remote_tmp: /x}
        mac1: {witnessmark_path_prefix: /state/mac1/root, witnessmark_origin: stand-in,
          witnessmark_faults: [{layer: sensor, action: drop}]}
"""


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def problems(*files: Path) -> list[str]:
    with pytest.raises(ContentError) as caught:
        inventory.load(files)
    return list(caught.value.problems)


def test_the_default_inventory_and_a_generated_one_make_hosts(tmp_path: Path) -> None:
    generated = write(tmp_path / "state" / "inventory.yaml", GENERATED)
    found = inventory.load([root() / "inventory" / "standin.yaml", generated])
    assert [host.name for host in found.hosts] == ["mac2", "mac1"]
    host = found.hosts[0]
    assert host.origin is Origin.STAND_IN
    assert (host.address, host.port, host.user) == ("127.0.0.1", 2222, "purple")
    assert (host.key_file, host.known_hosts) == (Path("/state/client_key"), Path("/state/known"))
    assert (host.path_prefix, host.browser) == ("/state/mac2/root", "/Applications/B r.app/B")
    assert (host.lab, host.retention) == (True, "ir-30d")
    (source,) = host.sources
    assert (source.name, source.kind, source.role) == ("eslogger", "eslogger", Role.ORGANISATION)
    assert (source.analytic, source.command) == ("embedded", None)
    assert source.path == "/private/var/log/eslogger.ndjson"
    assert found.hosts[1].faults == ({"layer": "sensor", "action": "drop"},)
    assert hash(found.hosts[1])


def test_the_default_inventory_alone_has_no_host() -> None:
    (problem,) = problems(root() / "inventory" / "standin.yaml")
    assert "no host in it" in problem


def test_a_lab_mac_can_test_itself() -> None:
    (host,) = inventory.load([root() / "inventory" / "localhost.yaml"]).hosts
    assert (host.connection, host.origin, host.lab) == ("local", Origin.MAC, True)
    (source,) = host.sources
    assert source.role is Role.REFERENCE
    assert source.command is not None
    assert source.command[:4] == ("sudo", "-n", "/usr/bin/eslogger", "exec")


def test_the_example_of_a_fleet_is_valid() -> None:
    hosts = inventory.load([root() / "inventory" / "lab.example.yaml"]).hosts
    assert [host.name for host in hosts] == ["mac-arm-1", "mac-arm-2", "mac-intel-1"]
    assert hosts[0].key_file == Path("~/.ssh/id_ed25519").expanduser()
    assert hosts[0].sources[0].alert_deadline_s == 120.0
    assert hosts[2].port == 2222


def test_what_is_not_said_has_a_default(tmp_path: Path) -> None:
    (host,) = inventory.load([write(tmp_path / "i.yaml", "all: {hosts: {mac1: }}\n")]).hosts
    assert host == Host(name="mac1", origin=Origin.MAC, connection="ssh", address="mac1")


def test_ini_and_group_vars_and_host_vars_work(tmp_path: Path) -> None:
    ini = write(
        tmp_path / "hosts.ini",
        "[lab]\nmac1 ansible_port=2200 witnessmark_lab=true\nmac2\n"
        "[lab:vars]\nwitnessmark_connect_timeout=3s\nwitnessmark_lab=true\nansible_port=2022\n"
        "witnessmark_sources=[{name: a, kind: eslogger, role: reference, path: /log}]\n",
    )
    write(tmp_path / "group_vars" / "lab.yaml", "ansible_user: purple\n")
    write(tmp_path / "host_vars" / "mac2" / "more.yml", "witnessmark_retention: ir-30d\n")
    one, two = inventory.load([ini]).hosts
    assert (one.port, one.lab, one.user, one.connect_timeout_s) == (2200, True, "purple", 3.0)
    assert (two.port, two.lab, two.retention) == (2022, True, "ir-30d")
    assert two.sources[0].path == "/log"


BAD = """\
all:
  vars:
    witnessmark_labb: true
    ansible_password: hunter2
  children:
    one:
      vars:
        witnessmark_lab: "yes"
        witnessmark_connect_timeout: 10
        witnessmark_sources:
          - name: a
            kind: carbonblack
            role: boss
            analytic: magic
            path: relative
            alert_deadline: soon
            colour: red
          - {name: a, kind: eslogger, role: reference, path: /x, command: [x]}
          - {kind: eslogger, role: reference, path: /x}
          - {name: b, kind: eslogger, role: reference}
          - {name: b, kind: eslogger, role: reference, command: []}
          - {name: c, kind: eslogger, role: reference, command: [1]}
          - text
      hosts:
        "mac[1:2]":
          ansible_port: "22"
          witnessmark_browser: "{{ browser }}"
    two:
      hosts:
        Mac_3:
          witnessmark_origin: stand-in
          witnessmark_retention: nope
          witnessmark_known_hosts: known
          witnessmark_consent_file: "two\\nlines"
          ansible_user: !vault |
            $ANSIBLE_VAULT;1.1;AES256
            61626364
        mac4:
          witnessmark_path_prefix: /state
          witnessmark_faults: [x]
          ansible_host: -oProxyCommand=x
          ansible_user: -x
          ansible_connection: winrm
          ansible_ssh_common_args: -J jump
"""


def test_all_problems_come_at_once_with_their_lines(tmp_path: Path) -> None:
    file = write(tmp_path / "bad.yaml", BAD)
    found = problems(file)
    lines = {problem.removeprefix(f"{file}:").split(": ", 1)[0] for problem in found}
    expected = {3, 4, 8, 9, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23}
    expected |= {26, 27, 31, 32, 33, 34, 35, 39, 40, 41, 42, 43, 44}
    assert lines - {" host Mac_3"} == {str(line) for line in expected}
    told = "\n".join(found)
    for words in (
        "did you mean witnessmark_lab?",
        "ansible_password is a password; only keys",
        "witnessmark_lab must be true or false",
        "witnessmark_sources[0].kind must be one of eslogger, ",
        "witnessmark_sources[0].colour is unknown",
        "witnessmark_sources[1] needs either path or command, and not both",
        "witnessmark_sources[2] needs a name",
        "witnessmark_sources[3] needs either path or command",
        "witnessmark_sources[5].command[0] must be text",
        "witnessmark_browser holds Jinja",
        "host Mac_3: a host's name is made of",
        "witnessmark_retention must be one of ir-30d",
        "ansible_user is encrypted by ansible-vault",
        "witnessmark_origin is stand-in, so witnessmark_path_prefix",
        "ansible_ssh_common_args is not used",
    ):
        assert words in told, words


def test_no_value_is_ever_repeated_in_a_problem(tmp_path: Path) -> None:
    told = "\n".join(problems(write(tmp_path / "bad.yaml", BAD)))
    for value in ("hunter2", "61626364", "carbonblack", "{{ browser }}", "boss"):
        assert value not in told


def test_a_group_s_mistake_is_told_once_for_all_its_hosts(tmp_path: Path) -> None:
    text = "all: {vars: {witnessmark_lab: 1}, hosts: {mac1: , mac2: , mac3: }}\n"
    assert len(problems(write(tmp_path / "i.yaml", text))) == 1


def test_where_ini_has_no_lines_host_and_variable_are_named(tmp_path: Path) -> None:
    ini = write(tmp_path / "hosts.ini", "mac1 witnessmark_lab=maybe\nmac2 ansible_ssh_pass=x\n")
    assert problems(ini) == [
        f"{ini}: host mac1: witnessmark_lab must be true or false",
        f"{ini}: host mac2: ansible_ssh_pass is a password; only keys and the SSH agent are used, "
        "so remove it",
    ]


def test_the_line_is_that_of_the_value_that_wins(tmp_path: Path) -> None:
    file = write(
        tmp_path / "i.yaml",
        "all:\n  vars: {ansible_port: 0}\n  children:\n    lab:\n"
        "      vars: {ansible_port: 0}\n      hosts:\n        mac1:\n        mac2:\n"
        "          ansible_port: 0\n",
    )
    assert [problem.split(": ")[0] for problem in problems(file)] == [f"{file}:5", f"{file}:9"]
    beside = write(tmp_path / "group_vars" / "lab.yaml", "# comment\nansible_port: 0\n")
    assert f"{beside}:2: ansible_port must be" in "\n".join(problems(file))


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("all:\n  hosts:\n    mac1: {a: 1\n", ":4:1: ", "mend that line"),
        ("all:\n\thosts:\n", ":2:1: ", "indent with spaces, not tabs"),
        ("all:\n  hosts: {mac1: }\n  hosts: {mac2: }\n", ":3: ", "duplicate key 'hosts'"),
        ("all:\n  var: {witnessmark_lab: true}\n", ":2: ", "write hosts, vars or children"),
        ("all:\n  hosts: [mac1]\n", ":2: ", "hosts must be a mapping, not a list"),
        ("all: [mac1]\n", ":1: ", "all must be a group"),
        ("- mac1\n", ":1: ", "must be a mapping of groups"),
        ("plugin: aws_ec2\n", ":1: ", "inventory plugins are not run"),
    ],
)
def test_bad_yaml_is_told_with_its_line_and_the_mend(
    text: str, place: str, words: str, tmp_path: Path
) -> None:
    file = write(tmp_path / "bad.yaml", text)
    (problem,) = problems(file)
    assert problem.startswith(f"{file}{place}")
    assert words in problem


def test_bad_yaml_beside_an_inventory_is_found_too(tmp_path: Path) -> None:
    file = write(tmp_path / "i.yaml", "all: {hosts: {mac1: }}\n")
    beside = write(tmp_path / "host_vars" / "mac1.yml", "a: [\n")
    (problem,) = problems(file)
    assert problem.startswith(f"{beside}:2:1: ")


def test_files_that_are_not_there_or_unreadable_are_told(tmp_path: Path) -> None:
    assert problems() == ["no inventory file was given; use -i FILE"]
    assert problems(tmp_path / "none.yaml") == [f"{tmp_path}/none.yaml: no such inventory file"]
    (problem,) = problems(write(tmp_path / "hosts.ini", "[lab\nmac1\n"))
    assert problem.startswith(f"{tmp_path}/hosts.ini: ansible cannot read the inventory: ")


def test_an_inventory_is_never_executed(tmp_path: Path) -> None:
    script = write(tmp_path / "dynamic.sh", f"#!/bin/sh\ntouch '{tmp_path}/ran'\necho '{{}}'\n")
    script.chmod(0o755)
    with pytest.raises(ContentError):
        inventory.load([script])
    assert not (tmp_path / "ran").exists()


def test_a_limit_keeps_inventory_order(tmp_path: Path) -> None:
    file = write(tmp_path / "i.yaml", "all: {hosts: {mac2: , mac3: , mac1: }}\n")
    found = inventory.load([file], limit=["mac1", "mac2"])
    assert [host.name for host in found.hosts] == ["mac2", "mac1"]


def test_a_limit_names_hosts_or_groups() -> None:
    listing = Listing(
        {
            "_meta": {"hostvars": {"mac1": {"a": 1}}},
            "all": {"children": ["ungrouped", "a", "b"]},
            "a": {"hosts": ["mac1", "mac2"]},
            "b": {"hosts": ["mac2"], "children": ["c"]},
            "c": {"hosts": ["mac3"]},
        }
    )
    assert listing.hosts == ["mac1", "mac2", "mac3"]
    assert listing.limited([]) == {"mac1", "mac2", "mac3"}
    assert listing.limited(["b"]) == {"mac2", "mac3"}
    assert listing.limited(["mac1", "c"]) == {"mac1", "mac3"}
    assert listing.groups("mac3") == ["c", "b", "all"]
    assert (listing.variables("mac1"), listing.variables("mac2")) == ({"a": 1}, {})
    with pytest.raises(UsageError, match="no host or group mac9 ") as caught:
        listing.limited(["mac9"])
    assert "mac1, mac2, mac3, a, all, b, c" in str(caught.value)
