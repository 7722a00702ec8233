"""Where a destination is, in words."""

from witnessmark.model.hosts import Destination, Search


def test_a_destination_says_where_it_is() -> None:
    asked = Search(
        kind="opensearch", url="https://siem.example", index="logs", host_field=None, host_value=""
    )
    assert Destination(kind="ndjson", path="/lake/es").where == "/lake/es"
    there = Destination(kind="opensearch", search=asked).where
    assert there == asked.where == "opensearch at https://siem.example, index logs"
