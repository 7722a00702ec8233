"""`witnessmark detect`, in process and as a live pipe.

Its records are synthetic.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from witnessmark.cli import apart
from witnessmark.cli.detect import command
from witnessmark.errors import ContentError, UsageError

if TYPE_CHECKING:
    from pathlib import Path


def run(*args: str | Path, stdin: bytes | None = None) -> tuple[int, list[dict[str, Any]]]:
    result = CliRunner().invoke(command, [str(item) for item in args], input=stdin)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def file(tmp_path: Path, drop_and_run: Any) -> Path:
    path = tmp_path / "mac7.ndjson"
    path.write_bytes(drop_and_run())
    return path


def test_fired_gives_exit_1_and_the_contracts_shape(file: Path) -> None:
    code, (found, summary) = run(file)
    assert code == 1
    assert found["type"] == "detection"
    assert (found["answer"], found["branch"]) == ("fired", "B")
    assert found["rules"] == ["B1", "B3", "B5"]
    assert found["host"] == "mac7"
    assert found["gap_s"] == 2.0
    assert found["severity"] == "high"
    assert found["exec"] == {
        "pid": 500,
        "pidversion": 8,
        "seq": 1,
        "path": "/bin/sh",
        "script": "/Users/kim/Downloads/x.sh",
        "time": "2026-10-04T00:00:07.000000001Z",
    }
    assert found["drop"]["seq"] == 0
    assert "workflow" not in found
    assert summary == {
        "type": "summary",
        "events": 2,
        "lines": 2,
        "bad_lines": 0,
        "gaps": 0,
        "backwards_s": 0.0,
        "unknown_types": {},
        "hosts": ["mac7"],
        "empty_files": [],
        "span": {
            "first": "2026-10-04T00:00:05.000000001Z",
            "last": "2026-10-04T00:00:07.000000001Z",
        },
        "late": 0,
        "unresolved": 0,
    }


def test_nothing_fired_gives_exit_0(tmp_path: Path, drop_and_run: Any) -> None:
    path = tmp_path / "a"
    path.write_bytes(drop_and_run("/opt/x.sh"))
    code, (summary,) = run(path)
    assert (code, summary["events"]) == (0, 2)


@pytest.mark.parametrize("text", ["", "\n \n\t\n", "\ufeff"])
@pytest.mark.parametrize("more", [[], ["--host", "mac"], ["--format", "table"]])
def test_where_nothing_was_looked_at_nothing_was_silent(
    tmp_path: Path, text: str, more: list[str]
) -> None:
    path = tmp_path / "empty.ndjson"
    path.write_text(text, "utf-8")
    result = CliRunner().invoke(command, [str(path), *more])
    assert isinstance(result.exception, UsageError), "exit 2"
    assert str(result.exception) == f"{path}: holds no record: nothing was looked at there"
    if "table" in more:
        assert "1 files without a record" in result.stdout
    else:
        summary = json.loads(result.stdout)
        assert (summary["events"], summary["empty_files"]) == (0, [str(path)])
        assert summary["span"] is None


@pytest.mark.parametrize("more", [[], ["--host", "mac"]])
def test_an_empty_file_beside_others_is_told(tmp_path: Path, file: Path, more: list[str]) -> None:
    path = tmp_path / "rotated.ndjson"
    path.touch()
    result = CliRunner().invoke(command, [str(path), str(file), *more])
    assert result.exit_code == 1, "something fired"
    assert json.loads(result.stdout.splitlines()[-1])["empty_files"] == [str(path)]
    assert result.stderr == f"witnessmark: {path}: holds no record: nothing was looked at there\n"


def test_standard_input(drop_and_run: Any) -> None:
    code, (found, _) = run("-", "--host", "lab", stdin=drop_and_run())
    assert (code, found["host"]) == (1, "lab")


def test_one_host_over_several_files(tmp_path: Path, drop_and_run: Any) -> None:
    paths = [tmp_path / "a", tmp_path / "b"]
    for path, line in zip(paths, drop_and_run().splitlines(keepends=True), strict=True):
        path.write_bytes(line)
    assert run(*paths)[0] == 0  # two hosts: K3
    code, lines = run(*paths, "--host", "mac")
    assert (code, lines[-1]["hosts"]) == (1, ["mac"])


def test_jobs_change_nothing_that_is_printed(tmp_path: Path, drop_and_run: Any) -> None:
    """Hosts come in the order of the command line, whichever was read first."""
    paths = [tmp_path / f"mac{number}" for number in range(6)]
    for number, path in enumerate(paths):
        path.write_bytes(b"nonsense\n" * (1 if number else 5_000) + drop_and_run())
    paths[3].write_bytes(b"")
    paths[4].write_bytes(b"nothing of it\n")
    one, three = (CliRunner().invoke(command, [*map(str, paths), "--jobs", n]) for n in "13")
    assert one.exit_code == three.exit_code == 1
    assert one.stdout == three.stdout
    assert one.stderr == three.stderr
    hosts = [json.loads(line).get("host") for line in one.stdout.splitlines()]
    assert hosts == ["mac0", "mac1", "mac2", "mac5", None]


@pytest.mark.parametrize("more", [["--host", "mac"], ["-"]])
def test_jobs_are_of_several_hosts(file: Path, more: list[str]) -> None:
    with pytest.raises(UsageError, match="neither with --host nor with -"):
        run(file, "--jobs", "2", *more)


def test_a_process_that_is_killed_is_told(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "ProcessPoolExecutor", Broken)
    other = tmp_path / "other"
    other.write_bytes(file.read_bytes())
    with pytest.raises(UsageError, match="a process that read a file was ended: use fewer --jobs"):
        run(file, other, "--jobs", "2")


class Broken(ProcessPoolExecutor):
    """A pool whose processes are killed before they answer."""

    def submit(self, *_: Any) -> Any:  # type: ignore[override]
        return super().submit(os._exit, 9)


def test_params_file_replaces_whole_keys(tmp_path: Path, file: Path) -> None:
    override = tmp_path / "mine.yaml"
    override.write_text("monitored_directories: [~/Desktop]\n")
    assert run(file, "--params", override)[0] == 0


def test_profile(tmp_path: Path, drop_and_run: Any) -> None:
    path = tmp_path / "a"
    path.write_bytes(drop_and_run("/private/tmp/x.sh"))
    assert run(path)[0] == 0
    assert run(path, "--profile", "extended")[0] == 1


def test_bad_lines_are_counted(file: Path) -> None:
    file.write_bytes(b'\n{"time":\nnonsense\n{"a": 1}\n\xff\n' + file.read_bytes())
    code, lines = run(file)
    assert (code, lines[-1]["bad_lines"], lines[-1]["lines"]) == (1, 4, 7)


def test_a_compressed_pipe_is_refused_while_following_too(file: Path) -> None:
    packed = gzip.compress(file.read_bytes(), mtime=10)  # a newline, as any longer one has
    assert b"\n" in packed
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, "detect", "--follow", "-"],
        input=packed,
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 2
    assert b"is compressed" in done.stderr


def test_a_named_pipe_is_opened_once_and_read(tmp_path: Path, drop_and_run: Any) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, "detect", str(pipe)], stdout=subprocess.PIPE
    ) as live:
        writer = os.open(
            pipe, os.O_WRONLY
        )  # waits for the reader; a second opening would find none
        time.sleep(0.2)
        os.write(writer, drop_and_run())
        os.close(writer)
        out, _ = live.communicate(timeout=30)
    assert live.returncode == 1
    assert json.loads(out.splitlines()[0])["branch"] == "B"


def test_a_named_pipe_is_not_waited_for_to_refuse_another_path(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="No such file"):
        run(tmp_path / "pipe", tmp_path / "none")


@pytest.mark.parametrize("form", ["jsonl", "table"])
def test_text_that_is_no_telemetry_is_told_after_the_summary(
    form: str, tmp_path: Path, file: Path
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text('dear diary\n{"a": 1}\n')
    result = CliRunner().invoke(command, [str(text), "--format", form])
    assert isinstance(result.exception, UsageError)
    assert str(result.exception) == f"no line of {text} is an eslogger record"
    assert "2" in result.stdout.splitlines()[-1]
    both = CliRunner().invoke(command, [str(text), str(text), "--host", "mac"])
    assert str(both.exception) == f"no line of {text}, {text} is an eslogger record"
    assert run(text, file)[0] == 1  # something fired, and that is told first of all
    assert run(text, file, "--host", "mac")[0] == 1


def test_empty_lines_and_unknown_events_are_no_error(tmp_path: Path, drop_and_run: Any) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"\n \n" + drop_and_run("/opt/x.sh"))
    assert run(path)[0] == 0
    path.write_bytes(b"junk\n" + drop_and_run().replace(b'"close"', b'"mount"'))
    assert run(path)[0] == 0


@pytest.mark.parametrize(
    ("args", "match"),
    [
        (["{dir}"], "is a directory"),
        (["{dir}/none"], "No such file"),
        (["-", "-"], "only once"),
        (["--follow", "{file}", "{file}"], "one PATH"),
        (["--profile", "nope", "{file}"], "no profile is called 'nope'"),
    ],
)
def test_wrong_use_is_one_sentence(args: list[str], match: str, file: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=match) as caught:
        run(*(item.format(dir=tmp_path, file=file) for item in args))
    assert caught.value.exit_code == 2


def test_wrong_params_name_file_and_line(tmp_path: Path, file: Path) -> None:
    override = tmp_path / "mine.yaml"
    override.write_text("max_depth: 3\ndrop_exec_window: 10\nnope: 1\n")
    with pytest.raises(ContentError) as caught:
        run(file, "--params", override)
    assert [item.split(": ")[0] for item in caught.value.problems] == [
        f"{override}:2",
        f"{override}:3",
    ]


def test_no_path_is_usage() -> None:
    assert CliRunner().invoke(command, []).exit_code == 2


@pytest.mark.parametrize("form", ["jsonl", "table"])
def test_hostile_text_moves_no_cursor(tmp_path: Path, drop_and_run: Any, form: str) -> None:
    name = "x\x1b[2J\x9b31m\u202e\u2066\r\n\x07.sh"
    path = tmp_path / "a"
    path.write_bytes(drop_and_run(f"/Users/kim/Downloads/{name}"))
    result = CliRunner().invoke(command, [str(path), "--format", form])
    assert result.exit_code == 1
    assert set(result.stdout) - {"\n"} <= set(map(chr, range(0x20, 0x7F)))
    assert "1b[2J" in result.stdout


def test_table_says_what_ran_and_why(file: Path) -> None:
    result = CliRunner().invoke(command, [str(file), "--format", "table"])
    assert "FIRED" in result.stdout
    assert "/Users/kim/Downloads/x.sh  by /bin/zsh, 2.000 s before" in result.stdout
    assert "1 fired; 2 events in 2 lines, 0 bad, 0 gaps, hosts: mac7" in result.stdout


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; from witnessmark.cli.detect import command\n"
        "sys.exit(1 if {'pydantic', 'msgspec', 'yaml', 'rich'} & set(sys.modules) else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


SCRIPT = "from witnessmark.cli import main; main()"


def test_follow_prints_before_the_pipe_ends(drop_and_run: Any) -> None:
    with subprocess.Popen(
        [sys.executable, "-u", "-c", SCRIPT, "detect", "--follow", "-", "--host", "mac"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as live:
        assert live.stdin
        assert live.stdout
        live.stdin.write(drop_and_run())
        live.stdin.flush()
        found = json.loads(live.stdout.readline())
        assert found["branch"] == "B"
        live.stdin.close()
        assert json.loads(live.stdout.readline())["type"] == "summary"
    assert live.returncode == 1


def test_follow_reads_a_file_that_grows(tmp_path: Path, drop_and_run: Any) -> None:
    first, second = drop_and_run().splitlines(keepends=True)
    path = tmp_path / "live.ndjson"
    path.write_bytes(first + second[:20])
    with subprocess.Popen(
        [sys.executable, "-u", "-c", SCRIPT, "detect", "--follow", str(path)],
        stdout=subprocess.PIPE,
    ) as live:
        assert live.stdout
        time.sleep(0.3)
        with path.open("ab") as file:
            file.write(second[20:])
        assert json.loads(live.stdout.readline())["branch"] == "B"
        live.terminate()  # SIGINT would be ignored where the tests themselves run in background
        assert json.loads(live.stdout.readline())["type"] == "summary"
    assert live.returncode == 1


WORKFLOW = """\
id: known
owner: o
reason: r
subject: {subject}
match: {match}
branch: B
first_seen: 2026-01-01
review_by: 2026-06-01
expires: 2027-01-01
evidence: e
"""


@pytest.mark.parametrize(
    ("subject", "match", "more", "answer"),
    [
        ("image", "{path: /bin/sh, signing_id: com.apple.x}", "", "suppressed"),
        ("image", "{path: /bin/sh, signing_id: com.apple.y}", "", "fired"),
        ("image", "{path: /bin/sh, signing_id: com.apple.x}", "enabled: false\n", "fired"),
        ("script", f"{{path: ~/Downloads/*, sha256: '{'ab' * 32}'}}", "", "suppressed"),
        ("script", f"{{path: ~/Desktop/*, sha256: '{'ab' * 32}'}}", "", "fired"),
    ],
)
def test_documented_workflows_suppress_visibly_and_never_count_as_fired(
    file: Path, tmp_path: Path, subject: str, match: str, more: str, answer: str
) -> None:
    folder = tmp_path / "workflows"
    folder.mkdir()
    (folder / "known.yaml").write_text(WORKFLOW.format(subject=subject, match=match) + more)
    code, (found, summary) = run(file, "--workflows", folder)
    assert found["answer"] == answer
    assert code == (1 if answer == "fired" else 0)
    assert found.get("workflow") == (None if answer == "fired" else "known")
    if subject == "script" and answer == "suppressed":
        assert found["reason"] == "unverified: the script's hash is not known"
    assert summary["type"] == "summary"


def test_workflows_that_are_not_there_or_broken_are_an_error(file: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file or folder"):
        run(file, "--workflows", tmp_path / "gone")
    broken = tmp_path / "known.yaml"
    broken.write_text(WORKFLOW.format(subject="image", match="{path: /bin/sh}"))
    with pytest.raises(ContentError, match="a path alone can be forged"):
        run(file, "--workflows", broken)


@pytest.fixture
def orphan(tmp_path: Path, drop_and_run: Any) -> Path:
    """A shell that runs nothing of the drop, by a process whose own parent was never seen."""
    path = tmp_path / "mac7.ndjson"
    changed = drop_and_run("/opt/x.sh").replace(b'"ppid": 1,', b'"ppid": 77,')
    changed = changed.replace(b'"original_ppid": 1,', b'"original_ppid": 77,')
    parent = b'"parent_audit_token": {"pid": 77, "pidversion": 4, "euid": 501}'
    path.write_bytes(re.sub(rb'"parent_audit_token": {[^}]*}', parent, changed))
    return path


def test_a_parent_that_nobody_saw_is_counted(orphan: Path) -> None:
    code, (*_, summary) = run(orphan)
    assert (code, summary["unresolved"]) == (0, 1)
    told = CliRunner().invoke(command, [str(orphan), "--format", "table"]).stdout
    assert "1 processes whose parent nobody saw: give --processes" in told


@pytest.mark.parametrize(
    ("name", "code"), [("/bin/zsh", 0), ("/Applications/Firefox.app/Contents/MacOS/firefox", 1)]
)
def test_a_listing_of_what_ran_before_resolves_it(
    tmp_path: Path, orphan: Path, name: str, code: int
) -> None:
    """The listing knows no signature, so a browser in it counts by its path (A1)."""
    listing = tmp_path / "ps.txt"
    listing.write_text(f"    1     0 /sbin/launchd\n   77     1 {name}\n")
    found = run(orphan, "--host", "mac7", "--processes", listing)
    assert (found[0], found[1][-1]["unresolved"]) == (code, 0)


def test_a_listing_is_of_one_host_and_holds_rows(tmp_path: Path, orphan: Path) -> None:
    listing = tmp_path / "ps.txt"
    listing.write_text("PID TTY\n")
    for args, match in (
        (["--processes", listing], "--processes is of one host: name it with --host"),
        (["--host", "a", "--processes", listing], "no line is a row of ps"),
        (["--host", "a", "--processes", tmp_path / "no"], "No such file"),
    ):
        with pytest.raises(UsageError, match=match):
            run(orphan, *args)


def test_lines_out_of_order_change_nothing_and_late_ones_are_counted(
    tmp_path: Path, drop_and_run: Any
) -> None:
    first, second = drop_and_run().splitlines(keepends=True)
    path = tmp_path / "mac7.ndjson"
    path.write_bytes(second + first)
    code, (found, summary) = run(path)
    assert (code, found["gap_s"], summary["late"]) == (1, 2.0, 0)
    later = second.replace(b'"global_seq_num": 1', b'"global_seq_num": 2')
    later = later.replace(b"00:00:07", b"00:30:07").replace(b'"pidversion": 8', b'"pidversion": 9')
    more = [
        later.replace(b'"global_seq_num": 2', b'"global_seq_num": %d' % number)
        for number in (3, 4, 5)
    ]
    path.write_bytes(second + later + b"".join(more) + first)
    code, (*_, summary) = run(path)
    assert (code, summary["late"]) == (0, 1)
    path.write_bytes(second + later + first)
    code, (*_, summary) = run(path)
    assert (code, summary["late"]) == (1, 0), "one record alone does not end the wait"


def test_times_that_run_backwards_are_told(tmp_path: Path, drop_and_run: Any) -> None:
    first, second = drop_and_run().splitlines(keepends=True)
    path = tmp_path / "mac7.ndjson"
    path.write_bytes(first.replace(b"2026-10-04T00:00:05", b"2026-10-05T00:00:05") + second)
    _, (*_, summary) = run(path)
    assert summary["backwards_s"] == 86_398.0
    table = CliRunner().invoke(command, [str(path), "--format", "table"])
    assert "times run backwards by 86398.0 s" in table.output
