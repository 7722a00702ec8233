"""Where a source's records are delivered: one file for each host, named once for all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from witnessmark import inventory
from witnessmark.errors import ContentError
from witnessmark.inventory.destinations import resolved, shared
from witnessmark.inventory.sources import sources
from witnessmark.inventory.values import Wrong
from witnessmark.model.hosts import Host, Origin

SOURCE = {"name": "es", "kind": "eslogger", "role": "organisation", "path": "/store"}


def host(name: str, destination: object, root: str | None = None) -> Host:
    found = sources([{**SOURCE, "destination": destination}])
    return Host(
        name=name, origin=Origin.MAC, connection="ssh", sources=found, destination_root=root
    )


def path_of(found: Host) -> str:
    destination = resolved(found).sources[0].destination
    assert destination is not None
    return destination.path


def test_the_host_s_name_and_the_root_make_each_path() -> None:
    central = {"kind": "ndjson", "path": "/logs/{host}/es.ndjson", "deadline": "90s"}
    assert path_of(host("mac1", central)) == "/logs/mac1/es.ndjson"
    below = {"kind": "ndjson", "path": "es.ndjson"}
    assert path_of(host("mac1", below, "/state/{host}/delivered")) == (
        "/state/mac1/delivered/es.ndjson"
    )
    home = {"kind": "ndjson", "path": "~/lake/{host}.ndjson"}
    assert path_of(host("mac1", home, "/state")) == str(Path.home() / "lake/mac1.ndjson")
    found = resolved(host("mac1", central)).sources[0].destination
    assert found is not None
    assert (found.kind, found.deadline_s) == ("ndjson", 90.0)


def wrongs(destination: object) -> list[tuple[tuple[str | int, ...], str]]:
    with pytest.raises(ExceptionGroup) as caught:
        resolved(host("mac1", destination))
    found = []
    for wrong in caught.value.exceptions:
        assert isinstance(wrong, Wrong)
        found.append((wrong.path, wrong.what))
    return found


@pytest.mark.parametrize(
    ("destination", "where", "what"),
    [
        ("/x", (), "must be a mapping"),
        ({"kind": "ndjson"}, (), "needs a path"),
        ({"path": "/x"}, (), "needs a kind"),
        ({"kind": "syslog", "path": "/x"}, ("kind",), "must be one of ndjson"),
        ({"kind": "ftp", "path": "/x"}, ("kind",), "must be one of ndjson"),
        ({"kind": "ndjson", "path": "/x/{name}"}, ("path",), "holds braces; only {host}"),
        ({"kind": "ndjson", "path": "/x/{host"}, ("path",), "holds braces"),
        ({"kind": "ndjson", "path": "/x/{{ host }}"}, ("path",), "holds Jinja"),
        ({"kind": "ndjson", "path": "/x/../y"}, ("path",), "must not hold '..'"),
        ({"kind": "ndjson", "path": "x"}, ("path",), "must be an absolute path on this machine"),
        ({"kind": "ndjson", "path": "/x", "deadline": 5}, ("deadline",), "must be text"),
        ({"kind": "ndjson", "path": "/x", "deadline": "0s"}, ("deadline",), "must be longer"),
        ({"kind": "ndjson", "path": "/x", "dealine": "5s"}, ("dealine",), "is unknown"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    destination: object, where: tuple[str, ...], what: str
) -> None:
    ((path, said),) = wrongs(destination)
    assert path == (0, "destination", *where)
    assert said.startswith(what)


def test_a_file_that_two_hosts_share_is_refused() -> None:
    one = {"kind": "ndjson", "path": "/logs/es.ndjson"}
    found = list(shared([resolved(host("mac1", one)), resolved(host("mac2", one))]))
    ((whose, place, what),) = found
    assert (whose.name, place) == ("mac2", 0)
    assert what.startswith("is where source es of mac1 is delivered too")
    each = {"kind": "ndjson", "path": "/logs/{host}.ndjson"}
    assert not list(shared([resolved(host("mac1", each)), resolved(host("mac2", each))]))


FLEET = """\
all:
  vars:
    witnessmark_destination_root: /central
    witnessmark_sources:
      - name: es
        kind: eslogger
        role: organisation
        path: /store
        destination:
          kind: ndjson
          path: PATH
  hosts:
    mac1:
    mac2:
"""


def test_a_fleet_shares_one_list_of_sources(tmp_path: Path) -> None:
    file = tmp_path / "fleet.yaml"
    file.write_text(FLEET.replace("PATH", "'{host}.ndjson'"))
    found = inventory.load([file]).hosts
    paths = [item.sources[0].destination for item in found]
    assert [item.path for item in paths if item] == ["/central/mac1.ndjson", "/central/mac2.ndjson"]
    file.write_text(FLEET.replace("PATH", "same.ndjson"))
    with pytest.raises(ContentError) as caught:
        inventory.load([file])
    (problem,) = caught.value.problems
    assert problem.startswith(f"{file}:11: witnessmark_sources[0].destination.path is where")
