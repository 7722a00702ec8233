"""The share of processor time that a rule gets."""

from __future__ import annotations

import signal
import threading

import pytest

from witnessmark.compare.timelimit import OutOfTime, processor_time


def spin() -> None:
    while True:
        pass


def test_what_takes_too_long_is_ended() -> None:
    with pytest.raises(OutOfTime), processor_time(0.05) as limit:
        spin()
    assert limit.passed
    assert signal.getsignal(signal.SIGVTALRM) is signal.SIG_DFL


def test_what_swallows_the_first_word_hears_the_next() -> None:
    def swallow() -> None:
        try:
            spin()
        except OutOfTime:
            spin()

    with pytest.raises(OutOfTime), processor_time(0.05):
        swallow()


def test_elsewhere_than_in_the_main_thread_nothing_is_limited() -> None:
    said: list[bool] = []

    def work() -> None:
        with processor_time(0.01) as limit:
            said.append(limit.passed)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert said == [False]
