"""junit.xml for CI servers: one suite per host, one test case per validator and case.

Written with junit-xml behind a guard, because on its own that library writes a failure without a
message as *passed*, crashes on lone surrogates and drops control characters without trace. The
result validates against Jenkins' junit-10.xsd. classname + name are unique, because GitLab counts
only the first of several that are alike: the class is the case id, which no other case has.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from junit_xml import TestCase, TestSuite

from witnessmark.model.verdicts import Status

if TYPE_CHECKING:
    from witnessmark.model.verdicts import CaseVerdict, Finding, HostFinding, RunVerdict

UNSAFE = re.compile(
    "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
    "|[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
"""What XML 1.0 cannot carry, and characters that turn lines or the direction of writing."""


def render(run: RunVerdict) -> str:
    """The whole run as JUnit XML text."""
    suites = ET.Element("testsuites", name=clean(f"witnessmark {run.run_id} ({run.origin})"))
    for host in dict.fromkeys(case.host for case in run.cases):
        cases = [_test(run, case, name) for case in run.cases if case.host == host
                 for name in dict.fromkeys(item.validator for item in case.findings)]  # fmt: skip
        suites.append(_suite(run, clean(f"AN0994.{host}"), host, cases))
    for host in dict.fromkeys(item.host for item in run.host_findings):
        told = [_host_test(item) for item in run.host_findings if item.host == host]
        suites.append(_suite(run, line(f"host.{host}"), host, told))
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, "unicode") + "\n"


def _suite(run: RunVerdict, name: str, host: str, tests: list[TestCase]) -> ET.Element:
    suite = TestSuite(name, tests, hostname=clean(host), timestamp=line(run.started[:19]))
    element: ET.Element = suite.build_xml_doc()
    element.attrib.pop("disabled", None)
    return element


def clean(text: str) -> str:
    """Text that XML 1.0 can carry: other code points become ``#xNN``, as pytest writes them.

    So does the bracket of ``##[``, which a GitHub runner obeys wherever it sees it.
    """
    return UNSAFE.sub(lambda found: f"#x{ord(found.group()):02X}", text).replace("##[", "###x5B")


def line(text: str) -> str:
    """Text from a run as one line: it can begin no line of its own in a job's output."""
    return clean(text).replace("\r", "#x0D").replace("\n", "#x0A")


def _host_test(item: HostFinding) -> TestCase:
    """A finding about a host changes no verdict, so it fails no build: skipped, with the reason."""
    test = TestCase(line(item.name), classname=line(f"host.{item.host}"))
    if item.status is not Status.PASS:
        kind = "finding" if item.status is Status.FAIL else "unknown"
        test.add_skipped_info(line(f"{kind}: {item.message}"))
    return test


def _test(run: RunVerdict, case: CaseVerdict, name: str) -> TestCase:
    found = [item for item in case.findings if item.validator == name]
    source = f"@{case.source}" if case.source else ""
    test = TestCase(
        clean(name + source),
        classname=clean(f"AN0994.{case.id}"),
        elapsed_sec=case.latency_s if name == "detected" else None,
        stdout=clean(_properties(run, case)),
    )
    bad = [item for item in found if item.status in (Status.ERROR, Status.FAIL)]
    if any(item.status is Status.ERROR for item in bad):
        test.add_error_info(*_told(bad), error_type=clean(case.verdict.value))
    elif bad:
        test.add_failure_info(*_told(bad), failure_type=clean(case.verdict.value))
    elif waiting := unproved(found):
        test.add_skipped_info(line(waiting))
    return test


def unproved(found: list[Finding]) -> str:
    """Why a validator's findings do not add up to a pass: pending, or nothing applied. Else ""."""
    pending = [item for item in found if item.status is Status.PENDING]
    if pending:
        return "; ".join(f"pending until {item.first_provable}: {item.message}" for item in pending)
    if all(item.status is Status.SKIP for item in found):
        return "; ".join(item.message for item in found)
    return ""


def _told(bad: list[Finding]) -> tuple[str, str]:
    lines = [
        f"{item.link.value} {item.status.value}: {line(item.message)}\n"
        f"expected: {line(item.expected)}\nobserved: {line(item.observed)}"
        for item in bad
    ]
    first = next(text for text in bad[0].message.splitlines() if text.strip())
    return line(first), "\n\n".join(lines)


def _properties(run: RunVerdict, case: CaseVerdict) -> str:
    pairs = {
        "run_id": run.run_id,
        "origin": run.origin,
        "bag_sha256": run.bag_sha256,
        **({"notice_sha256": run.notice_sha256} if run.notice_sha256 else {}),
        "verdict": case.verdict.value,
        "assessed": str(case.assessed).lower(),
        "first_broken_link": case.first_broken_link.value if case.first_broken_link else "none",
    }
    # GitLab reads [[ATTACHMENT|path]] here; no value may write one.
    safe = {key: line(value).replace("[[", "[#x5B") for key, value in pairs.items()}
    return "\n".join(f"[[PROPERTY|{key}={value}]]" for key, value in safe.items())
