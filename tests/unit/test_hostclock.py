"""A host's clock is measured as exactly as the way to it allows, and never more exactly."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from witnessmark import hostclock
from witnessmark.errors import HostError
from witnessmark.hostclock import ASK, SAMPLES, WHOLE_SAMPLES, Offset, measure
from witnessmark.hosts.local import LocalTransport
from witnessmark.hosts.transport import Result
from witnessmark.model.hosts import Host, Origin

START_NS = 1_800_000_000_250_000_000


@dataclass
class Far:
    """A host that is some way off: its clock is read after ``there``, its answer takes ``back``."""

    ahead_s: float
    there_s: float = 0.02
    back_s: float = 0.02
    digits: int = 6
    status: int = 0
    said: str | None = None
    moves_s: Sequence[float] = ()
    now_ns: int = START_NS
    asked: list[Sequence[str]] = field(default_factory=list)

    def time_ns(self) -> int:
        return self.now_ns

    def sleep(self, seconds: float) -> None:
        self.now_ns += int(seconds * 1e9)

    def run(self, argv: Sequence[str], **_: object) -> Result:
        self.asked.append(argv)
        self.sleep(self.there_s)
        moved = sum(self.moves_s[: len(self.asked)])
        scale = 10**self.digits
        seconds = math.floor((self.now_ns / 1e9 + self.ahead_s + moved) * scale) / scale
        said = f"{seconds:.{self.digits}f}" if self.said is None else self.said
        self.sleep(self.back_s)
        return Result(
            argv=tuple(argv),
            status=self.status,
            stdout=f"{said}\n".encode(),
            stderr=b"",
            started_ns=0,
            finished_ns=0,
        )


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> object:
    def ask(far: Far) -> Offset | None:
        monkeypatch.setattr(hostclock.time, "time_ns", far.time_ns)
        return measure(far, far.sleep)  # type: ignore[arg-type]

    return ask


@pytest.mark.parametrize("ahead", [0.0, 0.37, -300.0, 12345.678])
@pytest.mark.parametrize(("there", "back"), [(0.02, 0.02), (0.4, 0.0), (0.0, 0.4), (2.0, 3.0)])
@pytest.mark.parametrize("digits", [0, 6])
def test_the_true_offset_lies_within_what_is_said(
    ahead: float, there: float, back: float, digits: int, asked: object
) -> None:
    got = asked(Far(ahead, there_s=there, back_s=back, digits=digits))  # type: ignore[operator]
    assert abs(got.ahead_s - ahead) <= got.uncertainty_s + 1e-4
    # Nobody knows it more exactly than half the time that an answer takes.
    assert got.uncertainty_s >= (there + back) / 2 - 1e-4 or digits == 0


def test_a_fraction_makes_it_exact_and_three_answers_are_enough(asked: object) -> None:
    far = Far(0.5)
    got = asked(far)  # type: ignore[operator]
    assert got.uncertainty_s == pytest.approx(0.02, abs=1e-3)
    assert len(far.asked) == SAMPLES


def test_whole_seconds_are_narrowed_by_asking_over_a_second(asked: object) -> None:
    far = Far(0.5, digits=0)
    got = asked(far)  # type: ignore[operator]
    assert len(far.asked) == WHOLE_SAMPLES
    assert got.uncertainty_s < 0.15
    assert got.ahead_s == pytest.approx(0.5, abs=0.15)


def test_a_clock_that_moves_while_it_is_asked_is_known_only_as_widely_as_it_moved(
    asked: object,
) -> None:
    got = asked(Far(0.0, moves_s=(0.0, 3.0, 0.0)))  # type: ignore[operator]
    assert got.ahead_s - got.uncertainty_s <= 0.0
    assert got.ahead_s + got.uncertainty_s >= 3.0


@pytest.mark.parametrize(
    "said",
    ["", "9" * 12, "9" * 11, "\N{ARABIC-INDIC DIGIT ONE}", "\N{SUPERSCRIPT TWO}", "-1", "nan",
     "1e9", "1.", ".5", "1800000000.5 x", "1800000000.5\n1800000000.5", "1." + "1" * 13],
)  # fmt: skip
def test_what_no_clock_says_is_unknown(said: str, asked: object) -> None:
    assert asked(Far(0.0, said=said)) is None  # type: ignore[operator]


def test_a_host_that_fails_or_is_gone_says_nothing(asked: object) -> None:
    assert asked(Far(0.0, status=1)) is None  # type: ignore[operator]

    class Gone(Far):
        def run(self, *_: object, **__: object) -> Result:
            raise HostError("me: gone")

    assert asked(Gone(0.0)) is None  # type: ignore[operator]


@pytest.mark.parametrize("skipped", [0, 1, 2])
def test_every_way_of_asking_works_on_this_machine(
    skipped: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways = ASK.split("; ")
    assert len(ways) == 3
    monkeypatch.setattr(hostclock, "ASK", "; ".join(ways[skipped:]))
    got = measure(LocalTransport(Host(name="me", origin=Origin.MAC, connection="local")))
    assert got is not None
    assert abs(got.ahead_s) <= got.uncertainty_s + 0.01
