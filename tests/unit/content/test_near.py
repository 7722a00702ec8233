"""A misspelt name is answered with the one that was meant, or with all there are."""

import pytest

from witnessmark.content.near import meant, near, no_such

IDS = ("p11-quarantined-download.downloads:mac1", "p12-copied-binary.caches:mac1", "v01-x:mac1")


@pytest.mark.parametrize("name", ["p11-quarantned", "P11-QUARANTINED-DOWNLAOD", "p11-quarantin"])
def test_a_misspelt_beginning_means_what_begins_like_it(name: str) -> None:
    assert near(name, IDS)[0] == IDS[0]


def test_the_nearest_comes_first_and_each_once() -> None:
    assert near("titel", ["tilt", "title", "title"]) == ("title", "tilt")
    assert near("wm_stripp", ["wm_drop", "wm_strip"], 1) == ("wm_strip",)


def test_what_nothing_is_like_gets_no_guess() -> None:
    assert near("zzz", IDS) == ()
    assert meant("zzz", IDS) == ""
    assert no_such("no case is zzz", "zzz", ["b", "a", "b"]) == "no case is zzz; there are: a, b"
    assert no_such("no case is zzz", "zzz", []) == "no case is zzz; there are: none"
    assert no_such("no x", "runn", ["run", "plan"]) == "no x; did you mean run?"
