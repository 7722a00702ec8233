"""`witnessmark decode`: events with their places, every bad line in its turn, one summary.

Its records are synthetic.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from witnessmark.cli.decode import command
from witnessmark.cli.detect import command as detect
from witnessmark.errors import UsageError

HEAD = "[2026-10-04T10:00:0{}.000Z] I santad: action="
WRITE = HEAD + "WRITE|path={}|pid=500|ppid=1|process=zsh|processpath=/bin/zsh|uid=501|gid=20\n"
RUN = (
    HEAD + "EXEC|decision=ALLOW|reason=CERT|pid=600|ppid=1|uid=501|gid=20|mode=M"
    "|path=/bin/sh|args=sh {}\n"
)
DROP = "/Users/kim/Downloads/x.sh"


def run(*args: str | Path, stdin: bytes | None = None, which: Any = command) -> tuple[int, str]:
    result = CliRunner().invoke(which, [str(item) for item in args], input=stdin)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "mac7.log"
    path.write_text(WRITE.format(1, DROP) + "garbage\n" + RUN.format(3, DROP))
    return path


def test_events_bad_lines_and_the_summary_in_their_turn(log: Path) -> None:
    code, text = run("santa", log)
    write, bad, ran, summary = objects(text)
    assert code == 1
    assert (write["type"], write["kind"], write["id"]) == ("event", "close", "mac7/santa/1")
    process = {"token": {"pid": 500}, "path": "/bin/zsh", "parent": {"pid": 1}, "ppid": 1}
    process["original_ppid"] = 1
    assert write["process"] == process
    assert (write["time"], write["file"]) == ("2026-10-04T10:00:01.000000000Z", str(log))
    assert "responsible" in write["unknown"]
    assert (bad["type"], bad["file"], bad["line"]) == ("bad", str(log), 2)
    assert (ran["line"], ran["args"]) == (3, ["sh", DROP])
    assert (summary["events"], summary["lines"], summary["bad_lines"]) == (2, 3, 1)
    assert (summary["kind"], summary["resolution_ns"]) == ("santa", 1_000_000)
    assert summary["span"]["last"] == "2026-10-04T10:00:03.000000000Z"


def test_a_record_lies_where_its_event_says_in_its_own_file(log: Path, tmp_path: Path) -> None:
    second = tmp_path / "second.log"
    second.write_bytes(log.read_bytes())
    _, text = run("santa", "--host", "kim", log, second)
    events = [item for item in objects(text) if item["type"] == "event"]
    assert [item["file"] for item in events] == [str(log)] * 2 + [str(second)] * 2
    assert [item["line"] for item in events] == [1, 3, 1, 3]
    assert {item["host"] for item in events} == {"kim"}
    for item in events:
        raw = second.read_bytes()[item["offset"] :].split(b"\n")[0]
        assert (b"WRITE" in raw) == (item["kind"] == "close")
        assert raw.startswith(b"[2026")


def test_all_read_is_exit_0_and_a_known_loss_is_exit_1(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text(WRITE.format(1, DROP))
    assert run("santa", path)[0] == 0
    path.write_text(WRITE.format(1, DROP) + "[2026-10-04T10:00:02Z] LOG MESSAGE QUOTA EXCEEDED\n")
    code, text = run("santa", path)
    assert (code, objects(text)[-1]["gaps"]) == (1, 1)


def test_the_wrong_kind_is_named(log: Path) -> None:
    with pytest.raises(UsageError) as error:
        run("osquery", log)
    assert str(error.value) == f"no line of {log} is an osquery record; it looks like santa"
    with pytest.raises(UsageError, match="is an eslogger record; it looks like santa"):
        run(log, which=detect)


def test_an_empty_file_is_counted_and_told(tmp_path: Path, log: Path) -> None:
    path = tmp_path / "a"
    path.write_text("\n")
    result = CliRunner().invoke(command, ["santa", str(path)])
    assert isinstance(result.exception, UsageError), "exit 2"
    assert str(result.exception) == f"{path}: holds no record: nothing was looked at there"
    assert (objects(result.stdout)[0]["events"], objects(result.stdout)[0]["lines"]) == (0, 1)
    code, text = run("santa", path, log)
    assert (code, objects(text)[-1]["empty_files"]) == (1, [str(path)])


def test_standard_input_and_compressed_files(tmp_path: Path) -> None:
    code, text = run("santa", "-", stdin=WRITE.format(1, DROP).encode())
    assert (code, objects(text)[0]["host"], objects(text)[0]["file"]) == (0, "stdin", "-")
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(WRITE.format(1, DROP).encode()))
    for packed in (run("santa", path), run("santa", "-", stdin=path.read_bytes())):
        assert objects(packed[1])[0]["process"] == objects(text)[0]["process"]
    with pytest.raises(UsageError, match="only once"):
        run("santa", "-", "-")


def test_a_table_for_reading_keeps_hostile_text_inert(log: Path) -> None:
    log.write_text(log.read_text().replace("x.sh", "\x1b[2Jx.sh"))
    code, text = run("santa", "--format", "table", log)
    assert code == 1
    assert "\x1b" not in text
    first, bad, ran, summary = text.splitlines()
    assert first.endswith("close          500  /bin/zsh  /Users/kim/Downloads/\\x1b[2Jx.sh")
    assert bad.startswith(f"{log}:2: cannot be read: not a line of Santa's")
    assert "  exec           600  ?  /bin/sh" in ran
    assert summary == "2 events in 3 lines, 1 bad, 0 gaps, hosts: mac7"


def test_detect_takes_the_kind(log: Path) -> None:
    code, text = run("--kind", "santa", log, which=detect)
    found, summary = objects(text)
    assert (code, found["answer"], found["drop"]["path"]) == (1, "fired", DROP)
    assert (summary["hosts"], summary["bad_lines"]) == (["mac7"], 1)


def test_detect_keeps_the_hosts_of_one_file_apart(tmp_path: Path) -> None:
    def row(host: str, **columns: Any) -> str:
        given = {"global_seq_num": "1", "pid": "500", "parent": "1", "path": "/bin/zsh"}
        said = {"name": "q", "hostIdentifier": host, "action": "added"}
        return json.dumps(said | {"columns": given | columns}) + "\n"

    run_ = {"event_type": "exec", "path": "/bin/sh", "cmdline": f"sh {DROP}", "time": "1790000002"}
    write = {"event_type": "write", "filename": DROP, "time": "1790000000"}
    path = tmp_path / "fleet.log"
    path.write_text(row("a", **write) + row("b", **run_))
    code, text = run("--kind", "osquery", path, which=detect)
    assert (code, [item["type"] for item in objects(text)]) == (0, ["summary"])
    assert objects(text)[0]["hosts"] == ["a", "b"]
    path.write_text(row("a", **write) + row("a", **run_))
    code, text = run("--kind", "osquery", path, which=detect)
    assert (code, objects(text)[0]["host"]) == (1, "a")
    assert run("--kind", "osquery", "--host", "one", path, which=detect)[0] == 1


DATA = Path(__file__).parents[1] / "telemetry" / "data"


def test_detect_refuses_a_kind_that_records_no_execution() -> None:
    with pytest.raises(UsageError, match="unifiedlog records no execution"):
        run("--kind", "unifiedlog", DATA / "unifiedlog.synthetic", which=detect)


def test_detect_says_which_branch_a_kind_cannot_answer() -> None:
    args = ["--kind", "jamf-telemetry", str(DATA / "jamf-telemetry.synthetic")]
    result = CliRunner().invoke(detect, args)
    assert result.exit_code == 1
    assert "jamf-telemetry cannot answer branch B" in result.stderr
    whole = CliRunner().invoke(detect, ["--kind", "santa", str(DATA / "santa.synthetic")])
    assert whole.stderr == ""


@pytest.mark.parametrize(
    "kind", ["eslogger", "santa", "santa-json", "osquery", "elastic", "defender", "crowdstrike",
             "jamf-alerts", "mac-monitor", "eslogger-oslog"],
)  # fmt: skip
def test_one_story_fires_both_branches_whoever_tells_it(kind: str) -> None:
    code, text = run("--kind", kind, DATA / f"{kind}.synthetic", which=detect)
    found = [item for item in objects(text) if item["type"] == "detection"]
    assert code == 1
    assert {(item["branch"], item["answer"]) for item in found} == {("A", "fired"), ("B", "fired")}
    for item in found:
        assert item["exec"]["script"] == DROP.replace("x.sh", "invoice.sh")


def test_explain_takes_the_kind() -> None:
    from witnessmark.cli.explain import command as explain

    args = ["--kind", "osquery", "--events", str(DATA / "osquery.synthetic"), "2"]
    result = CliRunner().invoke(explain, args)
    assert result.exit_code == 0, result.output
    assert "fired" in result.output


def test_records_name_their_host_unless_it_is_named() -> None:
    file = DATA / "osquery.synthetic"
    _, text = run("osquery", file)
    assert {item["host"] for item in objects(text) if item["type"] == "event"} == {"mac7"}
    assert objects(text)[-1]["hosts"] == ["mac7"]
    _, text = run("osquery", "--host", "kim", file)
    assert objects(text)[-1]["hosts"] == ["kim"]


@pytest.mark.parametrize(
    ("text", "filter_"),
    [
        ('[{"a": 1},\n{"a": 2}]\n', "'.[]'"),
        ('[{"a": 1}, {"a": 2}]\n', "'.[]'"),
        ('[\n  {"a": 1}\n]\n', "'.[]'"),
        ('{\n  "eventType": "GPFSEvent"\n}\n', "."),
    ],
)
def test_one_document_over_several_lines_is_told_with_the_mend(
    text: str, filter_: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(UsageError) as error:
        run("jamf-alerts", path)
    said = "record; it is one JSON document, and a record a line is read"
    assert str(error.value).endswith(f"{said}: jq -c {filter_} {path}")


def test_a_stream_of_endless_hosts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from witnessmark.cli import engines

    monkeypatch.setattr(engines, "MOST_HOSTS", 0)
    with pytest.raises(UsageError, match="more than 0 hosts"):
        run("--kind", "santa", DATA / "santa.synthetic", which=detect)
