"""Records that are looked for in a log server, as an organisation does: the same verdicts as from
the file, and none that was not earned where the server answers half."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import urllib3

from witnessmark.standin import state as standin
from witnessmark.standin.launch import refusal

osmem = pytest.importorskip("osmem_server", reason="osmem-server has no wheel for this machine")

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(bool(refusal()), reason=str(refusal())),
    pytest.mark.timeout(300),
]

WEB = urllib3.PoolManager(maxsize=16)
SECRET = "pl4nted-s3cret-value"
P11 = "p11-quarantined-download.downloads"
N14 = "n14-run-after-window"
GOOD, HALF = "mac1", "half"
INVENTORY = """\
all:
  children:
    standin:
      vars:
        witnessmark_lab: true
        witnessmark_sources:
          - name: file
            kind: eslogger
            role: organisation
            analytic: embedded
            alert_deadline: 120s
            path: /private/var/log/eslogger.ndjson
          - name: shipped
            kind: eslogger
            role: organisation
            analytic: embedded
            alert_deadline: 120s
            path: /private/var/log/eslogger.ndjson
            destination: &server
              kind: opensearch
              url: URL
              index: "logs-{host}"
              record: event.original
              credentials: {scheme: apikey, env: WM_SIEM_KEY}
              poll: 2s
              deadline: 60s
          - name: siem
            kind: eslogger
            role: organisation
            analytic: embedded
            alert_deadline: 120s
            search:
              kind: opensearch
              url: URL
              index: "logs-*"
              host_value: "{host}"
              record: event.original
              credentials: {scheme: apikey, env: WM_SIEM_KEY}
              poll: 2s
"""


class Shipper(threading.Thread):
    """Puts each line of a host's store into the server, as a small log shipper would."""

    def __init__(self, url: str, host: str, store: Path) -> None:
        super().__init__(daemon=True)
        self.url, self.host, self.store = url, host, store
        self.over = threading.Event()

    def run(self) -> None:
        at = 0
        while not self.over.wait(0.2):
            data = self.store.read_bytes()[at:] if self.store.exists() else b""
            whole = data[: data.rfind(b"\n") + 1]
            at += len(whole)
            if whole:
                self.put(whole.splitlines())

    def put(self, lines: list[bytes]) -> None:
        body = ""
        for line in lines:
            record = json.loads(line)
            document = {
                "@timestamp": record["time"],
                "host": {"name": self.host},
                "event": {"original": line.decode()},
            }
            create = {"create": {"_index": f"logs-{self.host}"}}
            body += json.dumps(create) + "\n" + json.dumps(document) + "\n"
        done = WEB.request(
            "POST",
            f"{self.url}/_bulk?refresh=true",
            body=body,
            headers={"content-type": "application/x-ndjson"},
        )
        assert not done.json()["errors"], done.data[:500]


class Between(BaseHTTPRequestHandler):
    """Stands before the server: asks for a key, and lets one host's searches lose a shard."""

    real = ""
    half: set[str] = set()  # noqa: RUF012 - points in time over the half host's index
    keys: set[str] = set()  # noqa: RUF012

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.keys.add(self.headers.get("authorization", ""))
        done = WEB.request(
            self.command,
            self.real + self.path,
            body=body,
            headers={"content-type": "application/json"},
        )
        data = done.data
        about_half = HALF.encode() in body or f"logs-{HALF}/" in self.path
        if about_half and "point_in_time" in self.path and self.command == "POST":
            self.half.add(done.json().get("pit_id", "-"))
        if any(pit.encode() in body for pit in self.half) or about_half:
            found = done.json()
            hits = found.get("hits", {}).get("hits", [])
            if hits:  # every record is there, and the server says that a shard failed
                found["_shards"]["failed"] = 1
            data = json.dumps(found).encode()
        self.send_response(done.status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_DELETE = answer  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return None


@pytest.fixture(scope="module")
def ran() -> Iterator[tuple[Path, subprocess.CompletedProcess[str]]]:
    """One run over a host whose server answers whole, and one whose server answers half."""
    with (
        tempfile.TemporaryDirectory(prefix="wm-") as name,
        osmem.OsmemServer.start(japanese=False) as server,
    ):
        state, reports = Path(name, "state"), Path(name, "reports")
        Between.real = server.url
        index = {
            "mappings": {
                "properties": {
                    "@timestamp": {"type": "date_nanos"},
                    "host": {"properties": {"name": {"type": "keyword"}}},
                    "event": {"properties": {"original": {"type": "keyword", "index": False}}},
                }
            }
        }
        front = ThreadingHTTPServer(("127.0.0.1", 0), Between)
        front.daemon_threads = True
        threading.Thread(target=front.serve_forever, args=(0.05,), daemon=True).start()
        url = f"http://127.0.0.1:{front.server_address[1]}"
        inventory = Path(name, "lab.yaml")
        inventory.write_text(INVENTORY.replace("URL", url))
        standin.boot(state, [GOOD, HALF], tied=True, timeout_s=120)
        shippers = []
        for host in (GOOD, HALF):
            WEB.request("PUT", f"{server.url}/logs-{host}", json=index)
            store = state / host / "root/private/var/log/eslogger.ndjson"
            shippers.append(Shipper(server.url, host, store))
            shippers[-1].start()
        try:
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "witnessmark", "run", "--profile", "demo"),
                    *("-i", str(inventory), "-i", str(state / "inventory.yaml")),
                    *("--reports", str(reports), "-s", "p11", "-s", "n14"),
                ],
                env={**os.environ, "WM_SIEM_KEY": SECRET},
                check=False,
                capture_output=True,
                text=True,
                timeout=270,
            )
        finally:
            for shipper in shippers:
                shipper.over.set()
            standin.shutdown(state, remove=True)
            front.shutdown()
            front.server_close()
        yield reports / "latest", done
    server.process.stdout.close()


@pytest.fixture(scope="module")
def cases(
    ran: tuple[Path, subprocess.CompletedProcess[str]],
) -> dict[tuple[str, str], dict[str, object]]:
    found = json.loads((ran[0] / "verdicts.json").read_text("utf-8"))
    return {(case["id"], case["source"]): case for case in found["cases"]}


@pytest.mark.parametrize(("case", "verdict"), [(P11, "detected"), (N14, "silent as expected")])
def test_a_server_earns_the_same_verdict_as_the_file(
    cases: dict[tuple[str, str], dict[str, object]], case: str, verdict: str
) -> None:
    for source in ("file", "shipped", "siem"):
        found = cases[f"{case}:{GOOD}", source]
        wrong = [item for item in found["findings"] if item["status"] not in ("pass", "skip")]  # type: ignore[attr-defined]
        if case == N14 and any("waits for late records" in item["message"] for item in wrong):
            assert (found["verdict"], source) == ("inconclusive", "shipped")  # a very slow machine
            continue
        assert (found["verdict"], found["first_broken_link"]) == (verdict, None), (source, wrong)


@pytest.mark.parametrize("case", [P11, N14])
def test_half_an_answer_is_never_a_verdict(
    cases: dict[tuple[str, str], dict[str, object]], case: str
) -> None:
    assert cases[f"{case}:{HALF}", "file"]["ok"] is True
    shipped, siem = cases[f"{case}:{HALF}", "shipped"], cases[f"{case}:{HALF}", "siem"]
    assert (shipped["verdict"], shipped["first_broken_link"]) == ("inconclusive", "delivered")
    assert (siem["verdict"], siem["first_broken_link"]) == ("inconclusive", "recorded")
    for found in (shipped, siem):
        assert "shards failed" in json.dumps(found["findings"])


def test_the_bag_holds_the_hits_in_order_and_a_receipt_of_each_page(
    ran: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    raw = ran[0] / "bag/data/raw" / GOOD
    for stem in ("siem", "shipped.delivered"):
        records = (raw / f"{stem}.ndjson").read_text().splitlines()
        hits = [json.loads(line) for line in (raw / f"{stem}.hits.ndjson").read_text().splitlines()]
        assert records
        assert [item["_source"]["event"]["original"] for item in hits] == records
        pages = [
            json.loads(line) for line in (raw / f"{stem}.pages.ndjson").read_text().splitlines()
        ]
        assert sum(page.get("new", 0) for page in pages) == len(hits)
        assert all(len(page["sha256"]) == 64 for page in pages if "hits" in page)
    store = (raw / "file.ndjson").read_text().splitlines()
    there = set((raw / "siem.ndjson").read_text().splitlines())
    common = [line in there for line in store]
    between = common[common.index(True) :]  # what came before the first look was there before
    assert between == sorted(between, reverse=True), "nothing is missing between first and last"


def test_the_secret_was_shown_to_the_server_and_written_nowhere(
    ran: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, done = ran
    assert Between.keys == {f"ApiKey {SECRET}"}
    assert SECRET not in done.stdout + done.stderr
    files = [item for item in folder.resolve().parent.rglob("*") if item.is_file()]
    assert any(item.name == "run.json" for item in files)
    for item in files:
        data = item.read_bytes()
        assert SECRET.encode() not in data, item
        assert b"WM_SIEM_KEY" not in data, item


def test_the_bag_is_judged_again_without_any_server(
    ran: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "witnessmark", "judge", str(ran[0])],
        check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "inconclusive" in done.stdout
