"""Without a stream there is no line in it that nobody can read; that it is missing is said."""

from dataclasses import replace

from witnessmark.judge import examples, whole
from witnessmark.model.events import BadLine, Coverage


def test_a_bad_line_is_told_and_a_stream_that_is_missing_has_none() -> None:
    cover = Coverage(lines=3, events=2, bad=(BadLine(line=3, reason="cut off"),))
    case = examples.drop_exec(coverage=cover)
    assert whole.unreadable(case) == "line 3 is unreadable: cut off"
    missing = replace(case, stream=None)
    assert whole.unreadable(missing) is None
    assert whole.trouble(missing) == "source eslogger was not collected"
    shape = replace(cover, bad=(replace(cover.bad[0], unknown_shape=True),))
    odd = examples.drop_exec(coverage=shape)
    assert whole.unreadable(odd) == "line 3 is of a shape no decoder knows: cut off"
