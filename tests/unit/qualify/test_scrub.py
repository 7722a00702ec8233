"""What is private does not survive, in whatever spelling, and the same becomes the same."""

from __future__ import annotations

import base64
import json
import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from witnessmark.errors import PackError
from witnessmark.qualify.finds import VENDORS, in_line
from witnessmark.qualify.private import Private, What, known
from witnessmark.qualify.scrub import GONE, Scrubber
from witnessmark.qualify.survivors import survivors

JANE = Private(what=What.USER, value="jane")
MAC = Private(what=What.HOST, value="Jane\u2019s MacBook Pro")
BOB = Private(what=What.USER, value="bob.doe")


def scrubber(*lines: str, given: tuple[Private, ...] = (JANE, MAC, BOB)) -> Scrubber:
    return Scrubber([*given, *(item for line in lines for item in in_line(line))])


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        "/Users/jane/Downloads",
        "/USERS/JANE/x",
        "file:///Users%2Fjane%2Fx",
        "%252Fjane",
        "jan%65",
        "ja\\u006ee",
        '{\\"user\\":\\"jane\\"}',
        "\\njane",
        b64("run as jane"),
        b64(b64("run as jane")),
        f"prefix/{b64('xx jane yy')}",
        b"/Users/jane".hex(),
        "Jane%E2%80%99s%20MacBook%20Pro",
        "Jane\\u2019s+MacBook+Pro",
        "JANE\u2019S MACBOOK PRO",
        base64.urlsafe_b64encode(b"??>>jane??>").decode(),
        "BOB%2EDOE",
        base64.b64encode(b"bplist00\xff\xfe\x00bob.doe\xff").decode(),
    ],
)
def test_a_spelling_is_taken_out_and_the_check_sees_it_before(text: str) -> None:
    known_ones = scrubber()
    assert survivors(text, known_ones.privates, ())
    done = known_ones.text(text)
    assert not survivors(done, known_ones.privates, ())
    assert known_ones.text(done) == done, "a second time changes nothing"


@pytest.mark.parametrize("text", ["janet went", "/usr/bin/env", "a janeway", "0abc9f12de", ""])
def test_what_is_not_private_stays(text: str) -> None:
    assert scrubber().text(text) == text
    assert not survivors(text, scrubber().privates, ())


def test_the_same_value_becomes_the_same_token_everywhere() -> None:
    text = f"jane JANE %6Aane {b64('jane')}"
    one, two, three, four = scrubber().text(text).split()
    assert one == two == three == "user1"
    assert base64.b64decode(four) == b"user1"
    assert scrubber().text("bob.doe") == "user2"
    assert scrubber().text("Jane\u2019s MacBook Pro") == "host1"


def test_a_line_keeps_its_form() -> None:
    line = '{"event":{"exec":{"args":["sh","\\/Users\\/jane\\/a\\tb"],"x":1.50}}, "y" : null}'
    assert scrubber().line(line) == line.replace("jane", "user1")
    other = '{"k": "/Users/jane/\\u00e9"}'
    assert scrubber().line(other) == other.replace("jane", "user1")
    plain = '{"k": "/Users/jane/é", "[]": "jane", "a": [["jane"], {"b": "jane"}]}'
    assert json.loads(scrubber().line(plain))["a"] == [["user1"], {"b": "user1"}]


def test_a_key_is_scrubbed_too() -> None:
    assert json.loads(scrubber().line('{"/Users/jane": {"jane": 1}}')) == {
        "/Users/user1": {"user1": 1}
    }


def test_values_are_found_by_their_form_and_by_their_key() -> None:
    line = json.dumps(
        {
            "args": ["ssh", "ops@corp.acme.com", "10.1.2.3", "fe80::1c:2d", "aa:bb:cc:dd:ee:ff"],
            "team_id": "ACME123456",
            "host": {"name": "fin-mac-7", "serial": "C02XK0AAJGH5"},
            "uuid": "11111111-2222-4333-8444-555555555555",
            "tmp": "/private/var/folders/q1/abcdefghijklmnopqrstuv0000gn/T/x",
        }
    )
    done = json.loads(scrubber(line).line(line))
    assert done == {
        "args": ["ssh", "mail1@example.com", "192.0.2.1", "2001:db8::2", "02:00:00:00:00:01"],
        "team_id": "TEAM000001",
        "host": {"name": "host2", "serial": "SERIAL000001"},
        "uuid": "00000000-0000-4000-8000-000000000001",
        "tmp": "/private/var/folders/zz/folder1/T/x",
    }


def test_what_is_public_stays() -> None:
    line = json.dumps(
        {
            "team_id": sorted(VENDORS)[0],
            "user": "root",
            "group": {"name": "staff"},
            "address": "127.0.0.1 ::1 0.0.0.0 255.255.255.255",
            "time": "2026-11-24T13:21:35.880814738Z",
            "version": "156.0.8078.79",
            "uuid": "00000000-0000-0000-0000-000000000000",
            "root": "/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T",
        }
    )
    assert list(in_line(line)) == []


def test_santas_fields_are_found() -> None:
    line = "action=EXEC|teamid=ACME123456|cert_cn=Developer ID Application: Acme Inc (ACME123456)"
    line += "|user=kim|uid=501|args=/bin/sh /Users/kim/x"
    assert scrubber(line).line(line) == (
        "action=EXEC|teamid=TEAM000001|cert_cn=Developer ID Application: Signer 1 (TEAM000001)"
        "|user=user3|uid=501|args=/bin/sh /Users/user3/x"
    )


def test_an_environment_keeps_names_and_harmless_values_only() -> None:
    env = ["HOME=/Users/jane", "AWS_SECRET=abc/def", "LC_ALL=C", "no assignment", ""]
    line = json.dumps(
        {"event": {"exec": {"env": env, "envs": [b64("TOKEN=x y"), b64("USER=jane")]}}}
    )
    done = json.loads(scrubber().line(line))["event"]["exec"]
    assert done["env"] == ["HOME=/Users/user1", f"AWS_SECRET={GONE}", "LC_ALL=C", GONE, ""]
    assert [base64.b64decode(item) for item in done["envs"]] == [
        f"TOKEN={GONE}".encode(),
        b"USER=user1",
    ]
    rows = json.dumps({"columns": {"env": "A=1 TOKEN=2"}})
    assert json.loads(scrubber().line(rows))["columns"]["env"] == f"A={GONE}"


def test_a_token_is_never_somebodys_name() -> None:
    names = [Private(what=What.USER, value=name) for name in ("user1", "user2", "jane")]
    assert Scrubber(names).text("user1 user2 jane") == "login1 login2 user3"


def test_a_name_too_short_is_refused_with_the_mend() -> None:
    with pytest.raises(PackError, match="the user 'al' is shorter than 3 letters"):
        known(What.USER, "al")
    assert known(What.USER, "root") is None
    assert known(What.USER, "_www") is None
    assert known(What.TEAM, "-") is None


NAMES = st.text(alphabet=st.sampled_from("abckxyzé\u2019 .-_19AZ"), min_size=3, max_size=14).map(
    str.strip
)
WAYS = [
    lambda text: text,
    str.upper,
    lambda text: quote(text, safe=""),
    lambda text: quote(quote(text)),
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(json.dumps(text))[1:-1],
    lambda text: unicodedata.normalize("NFD", text),
    b64,
    lambda text: b64(f"xy {text}"),
    lambda text: b64(quote(text)),
    lambda text: text.encode().hex(),
]
BEFORE = st.sampled_from(["", " ", "/Users/", "file://", "=", ":", "|", "'", "\\n", "(", "%20"])
AFTER = st.sampled_from(["", " ", "/Downloads/", "=", ":", "|", "'", "\\n", ")", "%20", "."])


@settings(max_examples=200, deadline=None)
@given(
    names=st.lists(NAMES, min_size=1, max_size=3),
    places=st.lists(
        st.tuples(BEFORE, st.integers(0, 2), st.sampled_from(range(len(WAYS))), AFTER),
        min_size=1,
        max_size=5,
    ),
    as_json=st.booleans(),
)
def test_no_secret_survives(
    names: list[str], places: list[tuple[str, int, int, str]], as_json: bool
) -> None:
    privates = [item for name in names if len(name) > 2 and (item := known(What.USER, name))]
    assume(privates)
    spelt = [
        (WAYS[way](privates[which % len(privates)].value), before, after)
        for before, which, way, after in places
    ]
    texts = [f"{before}{text}{after}" for text, before, after in spelt]
    line = json.dumps({"event": {"args": texts, texts[0]: 1}}) if as_json else " ".join(texts)
    done = Scrubber(privates).line(line)
    if as_json:
        inner = json.loads(done)["event"]
        done_texts = [*inner["args"], *inner]
    else:
        done_texts = [done]
    for text, _, _ in spelt:
        for now in done_texts:
            assert len(text) < 6 or text not in now
    left = survivors(done, privates, Scrubber(privates).tokens.values())
    assert not left, (line, done)


@pytest.mark.parametrize(
    "record",
    [
        {"process": {"env_vars": ["TOKEN=S3cretWord"]}},
        {"process.env_vars": ["TOKEN=S3cretWord"]},
        {"exec_env": {"env": {"TOKEN": "S3cretWord"}}},
        {"env": [{"name": "TOKEN", "value": "S3cretWord"}]},
        {"EnvironmentVariables": "TOKEN=S3cretWord"},
        *({"env": f"HOME=/Users/jane{mark}TOKEN=S3cretWord"} for mark in "\n\t;,\0 "),
    ],
)
def test_an_environment_is_one_however_it_is_written(record: dict[str, object]) -> None:
    assert "S3cretWord" not in scrubber().line(json.dumps(record))


def test_a_harmless_value_that_names_a_person_goes_as_a_whole() -> None:
    ada = Private(what=What.PERSON, value="Ada-Lovelace")
    done = scrubber(given=(ada,)).line(json.dumps({"env": ["PATH=/x/Ada-Lovelace/bin"]}))
    assert json.loads(done) == {"env": [f"PATH={GONE}"]}


def test_variables_by_name_keep_what_is_harmless() -> None:
    record = {"env": {"HOME": "/Users/jane", "TOKEN": "x"}, "environs": "kept"}
    assert json.loads(scrubber().line(json.dumps(record))) == {
        "env": {"HOME": "/Users/user1", "TOKEN": GONE},
        "environs": "kept",
    }
