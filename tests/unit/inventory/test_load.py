"""Inventories: what is read from them, and what it becomes."""

from __future__ import annotations

from pathlib import Path

import pytest

from witnessmark import inventory
from witnessmark.content import root
from witnessmark.errors import ContentError, UsageError
from witnessmark.inventory.groups import Listing
from witnessmark.model.hosts import Destination, Host, Origin, Role

GENERATED = """\
all:
  children:
    standin:
      hosts:
        mac2: {ansible_host: 127.0.0.1, ansible_port: 2222, ansible_user: purple,
          ansible_ssh_private_key_file: /state/client_key, witnessmark_known_hosts: /state/known,
          witnessmark_path_prefix: /state/mac2/root, witnessmark_origin: stand-in,
          witnessmark_browser: /Applications/B r.app/B, ansible_remote_tmp: /x,
          witnessmark_destination_root: /state/mac2/delivered}
        mac1: {witnessmark_path_prefix: /state/mac1/root, witnessmark_origin: stand-in,
          witnessmark_destination_root: /state/mac1/delivered,
          witnessmark_faults: [{layer: sensor, action: drop}]}
"""


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


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
    assert source.destination == Destination(
        kind="ndjson", path="/state/mac2/delivered/eslogger.ndjson", deadline_s=10.0
    )
    assert found.hosts[1].faults == ({"layer": "sensor", "action": "drop"},)
    assert hash(found.hosts[1])


def test_the_default_inventory_alone_has_no_host() -> None:
    with pytest.raises(ContentError, match="no host in it"):
        inventory.load([root() / "inventory" / "standin.yaml"])


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


def test_a_source_may_say_how_to_ask_what_is_deployed(tmp_path: Path) -> None:
    text = """all: {hosts: {mac1: {witnessmark_sources: [{name: es, kind: eslogger, path: /x,
      role: organisation, version_command: [sensorctl, --version], policy_command: [sensorctl, p],
      rule_file: /etc/an0994.rule, rule_secret: true}]}}}"""
    (host,) = inventory.load([write(tmp_path / "i.yaml", text)]).hosts
    (source,) = host.sources
    assert source.version_command == ("sensorctl", "--version")
    assert source.policy_command == ("sensorctl", "p")
    assert (source.rule_file, source.rule_secret) == ("/etc/an0994.rule", True)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("rule_secret: 'yes'", "rule_secret must be true or false"),
        ("rule_file: rule", "rule_file must be an absolute path"),
        ("version_command: sensorctl", "version_command must be a list"),
        ("policy_command: []", "policy_command must be a list of words"),
    ],
)
def test_how_to_ask_is_checked(tmp_path: Path, setting: str, said: str) -> None:
    text = f"""all: {{hosts: {{mac1: {{witnessmark_sources: [{{name: es, kind: eslogger, path: /x,
      role: organisation, {setting}}}]}}}}}}"""
    with pytest.raises(ContentError) as caught:
        inventory.load([write(tmp_path / "i.yaml", text)])
    assert any(said in problem for problem in caught.value.problems), caught.value.problems


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


@pytest.mark.parametrize(
    ("said", "found"),
    [("15m", 900.0), ("10s", 10.0), ("9s", None), ("0s", None), ("25h", None), ("15", None)],
)
def test_a_dead_man_timer_is_never_off(tmp_path: Path, said: str, found: float | None) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text(f'all: {{hosts: {{mac1: {{witnessmark_dead_man: "{said}"}}}}}}\n')
    if found is None:
        with pytest.raises(ContentError, match=r"lab\.yaml:1: witnessmark_dead_man must be"):
            inventory.load([file])
    else:
        assert inventory.load([file]).hosts[0].dead_man_s == found
