"""What ``plan`` prints is what ``run`` plays: every call, in order, word for word."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from witnessmark.act import act_host
from witnessmark.content import pack, scenarios
from witnessmark.content.waits import waits
from witnessmark.errors import HostError
from witnessmark.hosts.transport import Result, Stream
from witnessmark.model.hosts import Host, Origin, Role, Source
from witnessmark.model.run import HostFacts, Plan
from witnessmark.model.unifiedlog import UnifiedLog
from witnessmark.outline import Outline, expected_s, outline
from witnessmark.plan import build
from witnessmark.report.outline import as_json, as_text

RUN = "20261124t042002z-1f0c9a"
SOURCE = Source(name="es", kind="eslogger", role=Role.ORGANISATION, path="/var/log/es.ndjson")
MAC = Host(
    name="mac1", origin=Origin.MAC, connection="ssh", lab=True, browser="/b", sources=(SOURCE,)
)
HOME = "/Users/kim"
CALL = ("/bin/sh", f"{HOME}/.witnessmark/{RUN}/pack/")


@dataclass
class Recorder:
    """A host on which every command ends well at once, and is noted."""

    host: Host
    calls: list[tuple[tuple[str, ...], dict[str, str]]] = field(default_factory=list)

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        timeout_s: float,
        cancelled: Callable[[], bool] | None = None,
    ) -> Result:
        self.calls.append((tuple(argv), dict(env)))
        return Result(
            argv=tuple(argv), status=0, stdout=b"\0", stderr=b"", started_ns=1, finished_ns=2
        )

    def read(self, path: str, offset: int = 0, limit: int | None = None) -> bytes:
        raise HostError(f"{path}: not here")

    def size(self, path: str) -> int:
        raise HostError(f"{path}: not here")

    def stream(self, argv: Sequence[str]) -> Stream:
        raise HostError("not here")

    def close(self) -> None:
        return None


def plan(*hosts: Host, wanted: tuple[str, ...] = ()) -> Plan:
    catalogue = scenarios.load_all()
    return build(
        run_id=RUN,
        hosts=hosts,
        scenarios=scenarios.select(catalogue, wanted),
        catalogue=catalogue,
        window_s=4.0,
        late_arrival_s=5.0,
        profile="demo",
    )


def shown(what: Plan) -> Outline:
    return outline(what, pack.build())


@pytest.mark.parametrize("prefix", ["", "/tmp/standin/root"])
def test_every_call_of_a_run_is_in_the_plan_and_no_other(prefix: str) -> None:
    origin = Origin.STAND_IN if prefix else Origin.MAC
    hosts = (
        replace(MAC, path_prefix=prefix, origin=origin),
        replace(MAC, name="mac2", browser=None),
    )
    what = plan(*hosts)
    needs = {need for case in what.cases for need in case.scenario.needs}
    axes = {value for case in what.cases for _, value in case.axes}
    for host, printed in zip(hosts, shown(what).hosts, strict=True):
        recorder = Recorder(host)
        facts = HostFacts(name=host.name, origin="mac", home=HOME, have=tuple(needs | axes))
        acts = list(act_host(recorder, what, facts))
        assert sorted(act.case_id for act in acts) == sorted(case.id for case in printed.cases)
        played = [
            (argv, env)
            for argv, env in recorder.calls
            if argv[0] == CALL[0] and argv[1].startswith(CALL[1])
        ]
        promised = [
            (
                tuple(word.replace("~", HOME) for word in phase.argv),
                {name: value.replace("~", HOME) for name, value in phase.env.items()},
            )
            for case in printed.cases
            for phase in case.phases
        ]
        assert sorted(played, key=str) == sorted(promised, key=str)
        for case in printed.cases:
            ours = [phase.mark for phase in case.phases]
            assert [env["WM_MARK"] for _, env in played if env["WM_MARK"] in ours] == ours
        beside = {phase.mark for case in printed.cases if case.beside for phase in case.phases}
        order = [env["WM_MARK"] for _, env in played if env["WM_MARK"] not in beside]
        assert order == sorted(order, key=lambda mark: mark[:-1]), (
            "cases that are not played beside others are in order"
        )
        assert len(beside) >= 6


def test_the_text_names_all_that_a_reader_must_know() -> None:
    text = as_text(shown(plan(MAC, wanted=("p11", "n14"))))
    for word in (
        f"~/Downloads/witnessmark/{RUN}",
        f"~/Library/Caches/org.witnessmark/{RUN}",
        f"~/.witnessmark/{RUN}",
        "/var/log/es.ndjson",
        "within 5 s",
        "window 4 s",
        "waits 5 s",
        "needs sh",
        "WM_DIRECTORY=caches",
        "WM_BROWSER",
        "positive control before",
        f"wm-{RUN}-001a",
        "/Library/Application Support/witnessmark/consent",
    ):
        assert word in text, word


def test_hostile_text_of_an_inventory_moves_no_cursor() -> None:
    text = as_text(shown(plan(replace(MAC, browser="/b\x1b[2J\n"))))
    assert "\x1b" not in text


def test_json_has_every_case_with_every_phase() -> None:
    what = plan(MAC)
    found = json.loads(as_json(shown(what)))
    (host,) = found["hosts"]
    assert [case["id"] for case in host["cases"]] == [case.id for case in what.cases]
    assert {phase["phase"] for case in host["cases"] for phase in case["phases"]} == {
        "setup",
        "attack",
        "cleanup",
    }


def test_the_expected_time_counts_the_waits_of_the_slowest_host() -> None:
    short, long = shown(plan(MAC, wanted=("p11",))), shown(plan(MAC, wanted=("p11", "n14")))
    assert long.expected_s - short.expected_s == pytest.approx(4.0), "6 s beside 2 s of P11"


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        ("  wm_wait 1", (1.0,)),
        ('wm_wait "$((WM_WINDOW + 1))"', (5.0,)),
        ('wm_wait "$((WM_WINDOW - 2))"', (2.0,)),
        ('wm_wait "$WM_WINDOW"', (4.0,)),
        ("wm_wait 1\nwm_exec x\nwm_wait 2.5", (1.0, 2.5)),
        ('wm_wait "$delay"', (None,)),
        ("# wm_wait 1\nwm_waiting 2", ()),
    ],
)
def test_waits_are_read_from_the_script(line: str, seconds: tuple[float | None, ...]) -> None:
    assert waits(line, 4) == seconds


def test_what_is_asked_of_a_source_is_in_the_plan() -> None:
    asked = replace(
        SOURCE,
        version_command=("sensorctl", "--version"),
        rule_file="/etc/an0994.rule",
        rule_secret=True,
    )
    made = outline(plan(replace(MAC, sources=(asked,))), pack.build())
    (source,) = made.hosts[0].sources
    assert source.asks == ("sensorctl --version", "/etc/an0994.rule (hashed only)")
    assert "asks      es: sensorctl --version; /etc/an0994.rule (hashed only)" in as_text(made)
    assert "asks" not in as_text(outline(plan(MAC), pack.build()))


def test_what_a_host_lacks_is_not_promised() -> None:
    text = as_text(shown(plan(replace(MAC, browser=None, retention="ir-30d"))))
    assert "  retention profile ir-30d\n" in text
    assert "  browser   " not in text
    assert "  retention profile" not in as_text(shown(plan(MAC)))


def test_a_plan_says_how_each_host_is_reached() -> None:
    hosts = (
        replace(MAC, address="10.0.0.9", port=2222, user="kim"),
        replace(MAC, name="mac2", address="mac2.lab", port=22, user=None),
        replace(MAC, name="mac3", connection="local"),
    )
    made = shown(plan(*hosts, wanted=("p11",)))
    assert [item.reached for item in made.hosts] == [
        "kim@10.0.0.9 port 2222",
        "mac2.lab port 22",
        "this machine",
    ]


@pytest.mark.parametrize(
    ("script", "seconds"),
    [("wm_wait 2", 3.0), ("wm_wait 2\nwm_wait 1.5", 4.5), ('wm_wait 2\nwm_wait "$delay"', None)],
)
def test_a_case_whose_script_hides_a_wait_is_given_no_length(
    script: str, seconds: float | None
) -> None:
    assert expected_s(plan(MAC, wanted=("p11",)), script) == seconds


def test_what_is_asked_of_a_host_s_unified_log_is_in_the_plan() -> None:
    log = Source(name="log", kind="unifiedlog", role=Role.ORGANISATION, unified_log=UnifiedLog())
    made = outline(plan(replace(MAC, sources=(log,)), wanted=("p11",)), pack.build())
    (source,) = made.hosts[0].sources
    assert source.asks == (
        "log config --status",
        "logger, for a message of its own before the first case and after the last",
    )
