"""Acting: real scripts on this machine with a home of their own; what goes wrong is said."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from witnessmark.act import act_host
from witnessmark.content import scenarios
from witnessmark.errors import HostError
from witnessmark.hosts.local import LocalTransport
from witnessmark.hosts.transport import Result
from witnessmark.model.hosts import Host, Origin
from witnessmark.model.run import Act, Plan
from witnessmark.model.scenario import Phase
from witnessmark.phases import Folders
from witnessmark.plan import build
from witnessmark.survey import ask_facts, left_behind, list_host, with_end

RUN = "20261124t042002z-1f0c9a"


def plan(host: Host, *wanted: str, window_s: float = 1.0) -> Plan:
    catalogue = scenarios.load_all()
    return build(
        run_id=RUN,
        hosts=[host],
        scenarios=scenarios.select(catalogue, wanted),
        catalogue=catalogue,
        window_s=window_s,
        late_arrival_s=1.0,
        profile=None,
    )


def play(mac: LocalTransport, *wanted: str) -> dict[str, Act]:
    what = plan(mac.host, *wanted)
    facts = ask_facts(mac, RUN)
    return {act.case_id: act for act in act_host(mac, what, facts)}


def steps(act: Act, phase: Phase = Phase.ATTACK) -> list[str]:
    done = act.phase(phase)
    assert done is not None
    return [item.step for item in done.steps]


def test_a_case_leaves_receipts_evidence_and_nothing_else(home: Path, mac: LocalTransport) -> None:
    act = play(mac, "p11")["p11-quarantined-download.downloads:me"]
    assert [item.status for item in act.phases] == [0, 0, 0]
    assert steps(act) == ["drop", "quarantine", "chmod", "wait", "exec"]
    assert steps(act, Phase.CLEANUP) == ["remove", "close"]
    attack = act.phase(Phase.ATTACK)
    assert attack is not None
    ran = attack.steps[-1]
    (witness,) = act.witnesses
    assert (witness.mark, witness.pid, witness.ppid) == (attack.mark, ran.pid, ran.ppid)
    (fact,) = act.files
    assert fact.path == ran.path
    assert fact.ino
    assert fact.sha256
    assert act.before is not None
    assert act.after is not None
    assert ran.path not in act.after.paths
    for folder in ("Downloads/witnessmark", "Library/Caches/org.witnessmark"):
        assert list((home / folder / RUN).iterdir()) == []


class Patient:
    """A transport on which the case that waits ends only after an ordinary one was played."""

    def __init__(self, inner: LocalTransport) -> None:
        self.host, self._inner = inner.host, inner
        self.stream, self.read = inner.stream, inner.read
        self.size, self.close = inner.size, inner.close
        self._other = threading.Event()

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        timeout_s: float,
        cancelled: Callable[[], bool] | None = None,
    ) -> Result:
        result = self._inner.run(argv, env=env, timeout_s=timeout_s, cancelled=cancelled)
        if argv[-1] == "attack" and "p11" in argv[-2]:
            self._other.set()
        if argv[-1] == "attack" and "n14" in argv[-2]:
            assert self._other.wait(60.0)
        return result


def test_cases_that_wait_are_played_beside_the_others_and_between_the_controls(
    home: Path, mac: LocalTransport
) -> None:
    what = plan(mac.host, "n14", "p07", "p11")
    acts = list(act_host(Patient(mac), what, ask_facts(mac, RUN)))
    assert sorted(act.case_id for act in acts) == sorted(case.id for case in what.cases)
    assert not [act.error for act in acts if act.error]
    phases = [(act.case_id, item) for act in acts for item in act.phases]
    before = max(item.finished_ns for key, item in phases if ".before:" in key)
    after = min(item.started_ns for key, item in phases if ".after:" in key)
    between = [item for key, item in phases if not key.startswith("c0")]
    assert before <= min(item.started_ns for item in between)
    assert max(item.finished_ns for item in between) <= after
    browsed = max(item.finished_ns for key, item in phases if key.startswith("p07"))
    waited = min(item.started_ns for key, item in phases if key.startswith("n14"))
    assert browsed <= waited, "a browser lived when a waiting case began"


def test_a_waiting_case_that_needs_something_alone_is_played_alone(
    home: Path, mac: LocalTransport
) -> None:
    what = plan(mac.host, "n14", "p07")
    cases = tuple(
        replace(case, scenario=replace(case.scenario, exclusive=("browser",)))
        for case in what.cases
    )
    acts = act_host(mac, replace(what, cases=cases), ask_facts(mac, RUN))
    assert [act.case_id for act in acts] == [case.id for case in what.cases]


def test_a_browser_stays_the_parent_of_what_it_spawns(home: Path, mac: LocalTransport) -> None:
    attack = play(mac, "p07")["p07-browser-runs-shell.sh:me"].phase(Phase.ATTACK)
    assert attack is not None
    browser, spawn = attack.steps
    assert (browser.step, spawn.step) == ("browser", "spawn")
    assert spawn.ppid == browser.pid
    assert spawn.pid != browser.pid


def test_the_run_is_in_names_and_content_never_in_the_parent(
    home: Path, mac: LocalTransport
) -> None:
    attack = play(mac, "p11")["p11-quarantined-download.caches:me"].phase(Phase.ATTACK)
    assert attack is not None
    dropped = next(item for item in attack.steps if item.step == "drop")
    assert dropped.path is not None
    assert attack.mark in dropped.path
    assert "Library/Caches/org.witnessmark" in dropped.path


@pytest.mark.parametrize("folder", ["Downloads/witnessmark", f"Downloads/witnessmark/{RUN}"])
def test_a_symlinked_folder_is_refused(home: Path, mac: LocalTransport, folder: str) -> None:
    elsewhere = home / "elsewhere"
    elsewhere.mkdir()
    link = home / folder
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(elsewhere)
    act = play(mac, "p11")["p11-quarantined-download.downloads:me"]
    setup = act.phase(Phase.SETUP)
    assert setup is not None
    assert setup.status == 64
    assert "symbolic link" in setup.stderr
    assert act.phase(Phase.ATTACK) is None
    assert list(elsewhere.iterdir()) == []


def test_an_existing_target_is_refused_and_kept(home: Path, mac: LocalTransport) -> None:
    what = plan(mac.host, "p11")
    case = next(item for item in what.cases if item.id.startswith("p11"))
    where = Folders(home=str(home), run_id=RUN)
    folder = Path(where.payloads(where.downloads, case.index))
    folder.mkdir(parents=True)
    mine = folder / f"invoice-{what.mark(case, Phase.ATTACK)}.sh"
    mine.symlink_to(home / "victim")
    attack = play(mac, "p11")[case.id].phase(Phase.ATTACK)
    assert attack is not None
    assert attack.status == 64
    assert not (home / "victim").exists()


def test_a_host_without_an_interpreter_skips_and_says_which(
    home: Path, mac: LocalTransport
) -> None:
    what = plan(mac.host, "p07")
    facts = replace(ask_facts(mac, RUN), have=("sh", "browser"))
    acts = {act.case_id: act for act in act_host(mac, what, facts)}
    assert acts["p07-browser-runs-shell.bash:me"].skipped == "me has no bash"
    assert acts["p07-browser-runs-shell.sh:me"].skipped is None


def test_a_browser_that_the_inventory_names_and_the_host_lacks_is_an_error(home: Path) -> None:
    lost = LocalTransport(
        Host(name="me", origin=Origin.MAC, connection="local", lab=True, browser="/no/browser")
    )
    act = play(lost, "p07")["p07-browser-runs-shell.sh:me"]
    assert act.skipped is None
    assert act.error == "me: witnessmark_browser /no/browser is no executable on the host"
    assert not act.started


class Failing:
    """A transport that loses its host in the middle of an attack."""

    def __init__(self, inner: LocalTransport, error: Exception) -> None:
        self.host, self._inner, self._error = inner.host, inner, error
        self.stream, self.read, self.size, self.close = (
            inner.stream,
            inner.read,
            inner.size,
            inner.close,
        )

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        timeout_s: float,
        cancelled: Callable[[], bool] | None = None,
    ) -> Result:
        if argv[-1] == "attack" and "p11" in argv[-2]:
            raise self._error
        return self._inner.run(argv, env=env, timeout_s=timeout_s, cancelled=cancelled)


@pytest.mark.parametrize("error", [HostError("me: the line went dead"), KeyError("a bug")])
def test_one_lost_case_carries_its_reason_and_stops_no_other(
    home: Path, mac: LocalTransport, error: Exception
) -> None:
    acts = list(act_host(Failing(mac, error), plan(mac.host, "p11"), ask_facts(mac, RUN)))
    lost = [act for act in acts if act.error]
    assert [act.case_id.split(".")[0] for act in lost] == ["p11-quarantined-download"] * 2
    assert all(act.started for act in lost)
    said = lost[0].error or ""
    assert said.startswith("me: ")
    assert ("Traceback" in said) == isinstance(error, KeyError)
    assert acts[-1].error is None
    for act in lost:
        assert [item.phase for item in act.phases] == [Phase.SETUP, Phase.CLEANUP]
        assert act.after is not None
    assert _left(home) == []


def _left(home: Path) -> list[Path]:
    """What cases left in the folders of a run."""
    folders = (home / "Downloads/witnessmark" / RUN, home / "Library/Caches/org.witnessmark" / RUN)
    return [item for folder in folders if folder.is_dir() for item in folder.iterdir()]


class Lying:
    """A transport whose host says nonsense of what an attack left, or cannot be asked for it."""

    def __init__(self, inner: LocalTransport, said: bytes | Exception) -> None:
        self.host, self._inner, self._said = inner.host, inner, said
        self.stream, self.size, self.close = inner.stream, inner.size, inner.close

    def read(self, path: str, start: int = 0, size: int | None = None) -> bytes:
        if "/evidence/" in path:
            return self._answer()
        return self._inner.read(path, start, size)

    def run(self, argv: Sequence[str], **options: Any) -> Result:
        result = self._inner.run(argv, **options)
        return replace(result, stdout=self._answer()) if argv[0] == "stat" else result

    def _answer(self) -> bytes:
        if isinstance(self._said, Exception):
            raise self._said
        return self._said


@pytest.mark.parametrize(
    "said",
    [
        b"wm-x " + b"9" * 5000 + b" 1\n",
        b"--5|1|1|1\n",
        b"9" * 5000 + b"|1|1|1\n",
        HostError("me: the line went dead"),
        KeyError("a bug"),
    ],
)
def test_whatever_a_host_says_after_an_attack_its_case_is_cleaned_up_and_looked_at(
    home: Path, mac: LocalTransport, said: bytes | Exception
) -> None:
    what = plan(mac.host, "p11")
    cases = tuple(case for case in what.cases if case.id.startswith("p11"))[:1]
    (act,) = act_host(Lying(mac, said), replace(what, cases=cases), ask_facts(mac, RUN))
    assert [(item.phase, item.status) for item in act.phases] == [
        (Phase.SETUP, 0),
        (Phase.ATTACK, 0),
        (Phase.CLEANUP, 0),
    ]
    assert act.after is not None
    assert not act.after.problem
    assert _left(home) == []
    assert bool(act.error) == isinstance(said, KeyError | HostError)


def test_a_cleanup_that_fails_is_told_beside_what_failed_before(
    home: Path, mac: LocalTransport
) -> None:
    class Gone(Failing):
        def run(self, argv: Sequence[str], **options: Any) -> Result:
            if argv[-1] == "cleanup":
                raise HostError("me: no route to it")
            return super().run(argv, **options)

    what = plan(mac.host, "p11")
    cases = tuple(case for case in what.cases if case.id.startswith("p11"))[:1]
    dead = Gone(mac, HostError("me: the line went dead"))
    (act,) = act_host(dead, replace(what, cases=cases), ask_facts(mac, RUN))
    assert act.error == "me: the line went dead; me: no route to it"
    assert [item.phase for item in act.phases] == [Phase.SETUP]
    assert act.after is None


def test_an_interrupted_run_starts_no_further_case(home: Path, mac: LocalTransport) -> None:
    what = plan(mac.host, "p11")
    acts = list(act_host(mac, what, ask_facts(mac, RUN), cancelled=lambda: True))
    assert len(acts) == len(what.cases)
    assert {act.started for act in acts} == {False}
    assert list((home / "Downloads").iterdir()) == []


def test_what_a_run_leaves_is_found(home: Path, mac: LocalTransport) -> None:
    facts = ask_facts(mac, RUN)
    assert left_behind(mac.host, facts, RUN) == (f"{home}/.witnessmark/{RUN}",)
    left = home / "Downloads/witnessmark" / RUN
    left.mkdir(parents=True)
    assert str(left) in (left_behind(mac.host, facts, RUN) or ())


@pytest.fixture
def prefixed(tmp_path: Path, mac: LocalTransport) -> LocalTransport:
    """The same host, whose root is a folder of its own with a private/tmp."""
    (tmp_path / "root/private/tmp").mkdir(parents=True)
    return LocalTransport(replace(mac.host, path_prefix=str(tmp_path / "root")))


def test_the_inventory_and_the_leftovers_reach_private_tmp(
    home: Path, prefixed: LocalTransport
) -> None:
    facts = ask_facts(prefixed, RUN)
    temporary = Path(prefixed.host.path_prefix) / "private/tmp"
    for name in (f"org.witnessmark.{RUN}.007", "org.witnessmark.other.001", "somebody-else"):
        (temporary / name).mkdir()
        (temporary / name / "x.sh").touch()
    mine = f"/private/tmp/org.witnessmark.{RUN}.007"
    seen = list_host(prefixed, RUN)
    assert seen.problem is None
    there = {path for path in seen.paths if path.startswith("/private/tmp")}
    other = "/private/tmp/org.witnessmark.other.001"
    assert there == {mine, f"{mine}/x.sh", other, f"{other}/x.sh"}
    left = left_behind(prefixed.host, facts, RUN) or ()
    assert [path for path in left if "/private/tmp" in path] == [mine]


def test_an_inventory_with_a_blind_spot_is_a_problem(home: Path, mac: LocalTransport) -> None:
    assert list_host(mac, RUN).problem is None
    (home / "Library/Caches").rmdir()
    assert "could not be taken" in (list_host(mac, RUN).problem or "")


def test_a_host_without_the_pack_says_what_to_do(tmp_path: Path, mac: LocalTransport) -> None:
    with pytest.raises(HostError, match=r"me: the suite's pack is not on the host"):
        ask_facts(mac, "20000101t000000z-000000")


def test_a_host_is_asked_for_its_clock_before_and_after(home: Path, mac: LocalTransport) -> None:
    facts = ask_facts(mac, RUN)
    assert facts.clock_offset_s == pytest.approx(0.0, abs=2.0)
    assert facts.clock_uncertainty_s is not None
    after = with_end(replace(facts, clock_uncertainty_s=9.0), mac)
    assert after.clock_offset_end_s == pytest.approx(0.0, abs=2.0)
    assert after.clock_uncertainty_s == 9.0, "the coarser of the two is kept"

    class Gone(Failing):
        def run(self, *_: object, **__: object) -> Result:
            raise self._error

    lost = with_end(facts, Gone(mac, HostError("me: gone")))
    assert (lost.clock_offset_s, lost.clock_offset_end_s) == (facts.clock_offset_s, None)


def test_what_a_host_tells_of_its_own_protection_is_kept_and_its_silence_stops_no_run(
    home: Path, mac: LocalTransport
) -> None:
    script = home / ".witnessmark" / RUN / "pack/lib/controls.sh"
    script.write_text("echo gatekeeper=assessments enabled; echo sip=; echo chip=" + "x" * 5000)
    facts = ask_facts(mac, RUN)
    assert (facts.gatekeeper, facts.sip) == ("assessments enabled", "")
    assert len(facts.chip) == 1024
    script.write_text("echo gatekeeper=assessments enabled; exit 1")
    assert ask_facts(mac, RUN).gatekeeper == ""
    script.unlink()
    assert ask_facts(mac, RUN).home == str(home)

    class Hangs(Failing):
        def run(self, argv: Sequence[str], **how: Any) -> Result:
            if "controls.sh" in argv[2]:
                raise self._error
            return self._inner.run(argv, **how)

    facts = ask_facts(Hangs(mac, HostError("me: it hangs")), RUN)
    assert (facts.home, facts.gatekeeper) == (str(home), "")


def test_no_axis_can_take_the_place_of_the_suite_s_own_variables(
    home: Path, mac: LocalTransport
) -> None:
    what = plan(mac.host, "p11")
    names = ("mark", "downloads", "caches", "home", "receipt", "window", "browser")
    cases = tuple(
        replace(case, axes=(*case.axes, *((name, "documents") for name in names)))
        for case in what.cases
    )
    acts = list(act_host(mac, replace(what, cases=cases), ask_facts(mac, RUN)))
    assert [item.status for act in acts for item in act.phases] == [0] * 3 * len(acts)
