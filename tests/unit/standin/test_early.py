"""Threads heard of before their birth: who made them, and how they stand when it is told."""

from __future__ import annotations

import os
import threading

from witnessmark.standin.early import Early, Held
from witnessmark.standin.numbers import Numbers

NUMBERS = Numbers()


def test_a_held_process_knows_its_parent() -> None:
    early = Early()
    early.hold(os.getpid(), NUMBERS)
    assert early
    assert early.made_by(os.getppid()) == [os.getpid()]
    assert early.without_maker({os.getppid(): None}) == []
    assert early.without_maker({}) == [os.getpid()]
    assert early.release(os.getpid()) == Held(os.getppid(), NUMBERS.of(os.getpid()), stopped=True)
    assert not early


def test_a_held_thread_was_made_by_its_own_process() -> None:
    early, over, tids = Early(), threading.Event(), []

    def wait() -> None:
        tids.append(threading.get_native_id())
        over.wait()

    thread = threading.Thread(target=wait)
    thread.start()
    try:
        while not tids:
            pass
        early.hold(tids[0], NUMBERS)
        assert early.made_by(os.getpid()) == tids
    finally:
        over.set()
        thread.join()


def test_one_that_ended_first_is_remembered_so() -> None:
    early = Early()
    early.bury(2**22 + 5, 9)
    assert early.release(2**22 + 5) == Held(0, death=9)
    early.hold(os.getpid(), NUMBERS)
    early.bury(os.getpid(), 9)
    assert early.release(os.getpid()) == Held(
        os.getppid(), NUMBERS.of(os.getpid()), stopped=True, death=9
    )
    assert early.release(os.getpid()) is None
