"""A finding that says nothing cannot even be built."""

import pytest

from witnessmark.model.verdicts import Finding, Link, Status


def test_a_finding_needs_a_message_and_a_pending_one_its_date() -> None:
    given = {"validator": "v", "link": Link.RETAINED}
    assert Finding(**given, status=Status.PASS, message="m").message == "m"
    with pytest.raises(ValueError, match=r"^v: a fail finding needs a message$"):
        Finding(**given, status=Status.FAIL, message=" ")
    with pytest.raises(ValueError, match=r"^v: a pending finding names its first provable date$"):
        Finding(**given, status=Status.PENDING, message="later")
    later = Finding(**given, status=Status.PENDING, message="m", first_provable="2027-01-01")
    assert later.first_provable == "2027-01-01"
