"""Every problem of an inventory at once, with file, line and the mend, and with no value in it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from witnessmark import inventory
from witnessmark.errors import ContentError
from witnessmark.inventory.sources import KINDS
from witnessmark.model.hosts import StandIn

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def problems(*files: Path) -> list[str]:
    with pytest.raises(ContentError) as caught:
        inventory.load(files)
    return list(caught.value.problems)


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
        "witnessmark_sources[1] needs exactly one of path, command, search and unified_log",
        "witnessmark_sources[2] needs a name",
        "witnessmark_sources[3] needs exactly one of path",
        "witnessmark_sources[5].command[0] must be text",
        "witnessmark_browser holds Jinja",
        "host Mac_3: a host's name is made of",
        "witnessmark_retention must be one of ",
        "ansible_user is encrypted by ansible-vault",
        "witnessmark_origin is stand-in, so witnessmark_path_prefix",
        "ansible_ssh_common_args is not used",
    ):
        assert words in told, words


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ("witnessmark_origin: stand-in, witnessmark_standin: {mode: namespace, why: x}", None),
        (
            "witnessmark_origin: stand-in, witnessmark_standin: {mode: prefix, why: x}",
            "witnessmark_path_prefix must say where it lies",
        ),
        (
            "witnessmark_origin: stand-in, witnessmark_path_prefix: /x, "
            "witnessmark_standin: {mode: namespace, why: x}",
            "witnessmark_path_prefix is for mode prefix only",
        ),
        ("witnessmark_standin: {mode: namespace, why: x}", "remove it from a Mac"),
        (
            "witnessmark_origin: stand-in, witnessmark_standin: {mode: container, why: x}",
            "must be one of namespace, prefix",
        ),
        (
            "witnessmark_origin: stand-in, witnessmark_path_prefix: /x, witnessmark_standin: p",
            "must be a mapping with mode and why",
        ),
    ],
)
def test_a_stand_in_says_its_mode_and_a_prefix_only_where_it_has_one(
    variables: str, told: str | None, tmp_path: Path
) -> None:
    file = write(tmp_path / "i.yaml", f"all: {{hosts: {{mac1: {{{variables}}}}}}}\n")
    if told is None:
        (host,) = inventory.load([file]).hosts
        assert host.standin == StandIn(mode="namespace", why="x")
    else:
        assert any(told in problem for problem in problems(file)), problems(file)


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ("witnessmark_path_prefix: /x", "witnessmark_path_prefix is for a stand-in only"),
        (
            "witnessmark_faults: [{layer: sensor, action: drop, event: exec}]",
            "nothing is broken on a real Mac",
        ),
        (
            "ansible_connection: local, ansible_ssh_private_key_file: /k",
            "is not used with ansible_connection local",
        ),
    ],
)
def test_what_is_not_for_this_host_is_told(variables: str, told: str, tmp_path: Path) -> None:
    file = write(tmp_path / "i.yaml", f"all: {{hosts: {{mac1: {{{variables}}}}}}}\n")
    (problem,) = problems(file)
    assert told in problem


def test_a_destination_that_leads_nowhere_is_told_by_its_line(tmp_path: Path) -> None:
    file = write(
        tmp_path / "i.yaml",
        "all:\n  hosts:\n    mac1:\n      witnessmark_sources:\n"
        "        - name: a\n          kind: eslogger\n          role: organisation\n"
        "          path: /log\n          destination: {kind: ndjson, path: lake/es}\n",
    )
    (problem,) = problems(file)
    assert problem.startswith(f"{file}:9: witnessmark_sources[0].destination.path must be an abs")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("{name: A B, kind: eslogger, role: reference, path: /x}", "must be a name of a-z"),
        ("{name: a, kind: eslogger, role: reference, command: []}", "must be a list of words"),
        ("{name: c, kind: eslogger, role: reference, path: /x}", "is c once more; rename one"),
        ("{name: d, kind: eslogger, role: reference, path: /x, rule_secret: 1}", "true or false"),
        ("just text", "must be a mapping with name, kind, role and a place"),
    ],
)
def test_a_source_that_is_none_is_told(source: str, told: str, tmp_path: Path) -> None:
    first = "{name: c, kind: eslogger, role: reference, path: /x}"
    file = write(
        tmp_path / "i.yaml",
        f"all: {{hosts: {{mac1: {{witnessmark_sources: [{first}, {source}]}}}}}}\n",
    )
    (problem,) = problems(file)
    assert told in problem


def test_an_ini_value_that_is_no_yaml_is_the_text_it_is(tmp_path: Path) -> None:
    ini = write(tmp_path / "hosts.ini", "mac1 witnessmark_browser='[a'\n")
    (problem,) = problems(ini)
    assert problem.endswith("witnessmark_browser must be an absolute path on the host")
    listed = write(tmp_path / "lists.ini", "mac1 witnessmark_sources='[{'\n")
    (problem,) = problems(listed)
    assert problem.endswith("witnessmark_sources must be a list")


@pytest.mark.parametrize("raw", [b"all: \x00\n", b"\xff\xfe\xff", b"[" * 5_000])
def test_bytes_that_are_no_yaml_at_all_are_told_too(raw: bytes, tmp_path: Path) -> None:
    file = tmp_path / "i.yaml"
    file.write_bytes(raw)
    found = problems(file)
    assert found
    assert all(str(file) in problem for problem in found)


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


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_that_a_decoder_reads_may_be_named(kind: str, tmp_path: Path) -> None:
    text = (
        "all:\n  hosts:\n    mac1:\n      witnessmark_sources:\n"
        f"        - name: a\n          kind: {kind}\n          role: organisation\n"
        "          path: /log\n"
    )
    (host,) = inventory.load([write(tmp_path / "i.yaml", text)]).hosts
    assert host.sources[0].kind == kind


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


def test_what_is_no_plain_file_is_told_as_what_it_is(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    names = ("pipe.yaml", "loop.yaml", ".")
    assert problems(*(tmp_path / name for name in names)) == [
        f"{tmp_path}/pipe.yaml: is a pipe, and an inventory is a file; name the file itself",
        f"{tmp_path}/loop.yaml: the inventory cannot be read (Too many levels of symbolic links)",
        f"{tmp_path}: is a folder, and an inventory is a file; name the file itself",
    ]
    file = write(tmp_path / "i.yaml", "all: {hosts: {mac1: }}\n")
    (tmp_path / "host_vars").mkdir()
    os.mkfifo(tmp_path / "host_vars" / "mac1.yml")
    assert problems(file) == [
        f"{tmp_path}/host_vars/mac1.yml:1: cannot be read: it is a pipe, not a plain file"
    ]


def test_files_that_are_not_there_or_unreadable_are_told(tmp_path: Path) -> None:
    assert problems() == ["no inventory file was given; use -i FILE"]
    assert problems(tmp_path / "none.yaml") == [f"{tmp_path}/none.yaml: no such inventory file"]
    (problem,) = problems(write(tmp_path / "hosts.ini", "[lab\nmac1\n"))
    assert problem.startswith(f"{tmp_path}/hosts.ini: ansible cannot read the inventory: ")


def test_no_number_is_read_to_base_sixty(tmp_path: Path) -> None:
    """YAML 1.1, and so ansible, takes 22:22 for port 1342."""
    listed = write(tmp_path / "hosts.yaml", "all: {hosts: {mac1: {ansible_port: 22:22}}}\n")
    (problem,) = problems(listed)
    assert problem == (
        f"{listed}:1: '22:22' is a number to base sixty here (1342); put text in quotes, write a "
        "number plainly"
    )
    for value in ("22:22", "9" * 5000, "!x 22"):
        ini = write(tmp_path / "hosts.ini", f"mac1 ansible_port='{value}'\n")
        assert problems(ini) == [
            f"{ini}: host mac1: ansible_port must be a port number, 1 to 65535"
        ]
