"""Log lines: text or JSON, neither with secrets."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from command_runs import Done
from hypothesis import given
from hypothesis import strategies as st

from facestream.log_format import JsonLines, TextLines, is_json, message_of, redacted

Here = Callable[..., Done]

CANARY = "c4n4ry-p@ss"
URLS = (
    f"rtsp://admin:{CANARY}@192.168.1.20/stream1",
    f"rediss://:{CANARY}@store:6379/0",
    f"https://{CANARY}@hook.example/x",
)


def a_record(message: str, *arguments: object, **extra: object) -> logging.LogRecord:
    record = logging.LogRecord("stream.reader", logging.WARNING, "x.py", 1, message, arguments, None)
    for name, value in extra.items():
        setattr(record, name, value)
    return record


def as_json(record: logging.LogRecord) -> dict[str, str]:
    line = JsonLines().format(record)
    assert line.count("\n") == 0
    entry: dict[str, str] = json.loads(line)
    return entry


def test_an_entry_says_when_what_and_about_what() -> None:
    entry = as_json(a_record("%s: it is %s", "c-door", "down", source_id="c-door", entry_id="1-0"))
    at = datetime.fromisoformat(entry.pop("time"))
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=5)
    assert entry == {
        "level": "warning",
        "logger": "stream.reader",
        "message": "c-door: it is down",
        "source_id": "c-door",
        "camera": "door",
        "entry_id": "1-0",
    }


def test_a_traceback_is_in_the_entry() -> None:
    record = a_record("it failed")
    try:
        int(f"no answer from {URLS[0]}")
    except ValueError:
        record.exc_info = sys.exc_info()
    entry = as_json(record)
    assert "ValueError" in entry["error"]
    assert CANARY not in entry["error"]
    assert CANARY not in TextLines().format(record)


@pytest.mark.parametrize("url", URLS)
def test_neither_has_secrets(url: str) -> None:
    token = "fst_" + "a1B2-_" * 6
    for line in (TextLines(), JsonLines()):
        text = line.format(a_record("%s of %s with %s", "frames", url, token, camera=url))
        assert CANARY not in text
        assert token not in text
        assert "***" in text


def test_texts_without_secrets_stay_as_they_are() -> None:
    for text in (
        "c-door: streaming",
        "ada@example.org wrote",
        "rtsp://host/stream1: it sent nothing",
        "50 %",
    ):
        assert redacted(text) == text


@given(st.text(), st.text(max_size=20))
def test_whatever_is_logged_is_one_line_of_json(message: str, camera: str) -> None:
    line = JsonLines().format(a_record("%s", message, camera=camera))
    assert line.isascii()
    assert "\n" not in line
    assert set(json.loads(line)) >= {"time", "level", "logger", "message"}


@pytest.mark.parametrize(
    "words",
    [
        ("tracks", "list", "-v", "--log-format", "json"),
        ("tracks", "list", "--log-format", "json", "-v"),
        ("tracks", "--log-format", "json", "list", "-v"),
        ("--log-format", "json", "tracks", "list", "-v"),
        ("--log-format", "text", "tracks", "list", "--log-format", "json", "-v"),
    ],
)
def test_where_it_is_said_is_no_matter(here: Here, words: tuple[str, ...]) -> None:
    # A wrong name ends it before any server is started.
    here(*words, "--collection", "no/name", code=2)
    assert is_json()
    assert logging.getLogger().level == logging.INFO


def test_all_of_it_is_said_of_our_own_work_and_not_of_what_libraries_send(
    here: Here, capsys: pytest.CaptureFixture[str]
) -> None:
    here("people", "-vv", "--collection", "no/name", code=2)
    capsys.readouterr()
    # Libraries with levels of their own would say nothing for another reason.
    for name in ("a_library.pool", "streams", "stream.reader", "facestream.web.requests"):
        logging.getLogger(name).debug("of %s", name)
        logging.getLogger(name).info("more of %s", name)
    said = capsys.readouterr().err
    assert [line.partition(": ")[2] for line in said.splitlines()] == [
        "more of a_library.pool",
        "more of streams",
        "of stream.reader",
        "more of stream.reader",
        "of facestream.web.requests",
        "more of facestream.web.requests",
    ]
    here("people", "--collection", "no/name", code=2)
    assert not logging.getLogger("stream.reader").isEnabledFor(logging.INFO)


def test_a_variable_says_it_as_well(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACESTREAM_LOG_FORMAT", "json")
    here("people", "--collection", "no/name", code=2)
    assert is_json()
    here("people", "--collection", "no/name", "--log-format", "text", code=2)
    assert not is_json()


def test_an_error_is_an_entry_as_well(here: Here) -> None:
    url = f"redis://:{CANARY}@127.0.0.1:1/0"
    done = here("people", "--redis", url, "--log-format", "json", code=1)
    entry = json.loads(done.stderr.splitlines()[-1])
    assert (entry["level"], entry["logger"]) == ("error", "facestream")
    assert "127.0.0.1:1" in entry["message"]
    assert CANARY not in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("people", "--nope"), 2, "No such option"),
        (("peopel",), 2, "peopel"),
        (("people", "--sort", "beauty"), 2, "beauty"),
        (("run", "--fps", "nan", "x.mp4"), 2, "is not a rate"),
        (("camera", "test", "http://127.0.0.1:1/x"), 1, "unreachable"),
    ],
    ids=str,
)
def test_also_what_is_wrong_with_the_words_is_an_entry(
    here: Here, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], code: int, said: str
) -> None:
    monkeypatch.setenv("FACESTREAM_LOG_FORMAT", "json")
    (entry,) = map(json.loads, here(*words, code=code).stderr.splitlines())
    assert (entry["level"], said in entry["message"]) == ("error", True)


@pytest.mark.parametrize(
    ("name", "value", "code", "level"),
    [("FACESTREAM_FPS", "abc", 2, "error"), ("FACESTREAM_REDS", "1", 0, "warning")],
)
def test_also_what_is_wrong_with_the_variables_is_an_entry(
    here: Here, monkeypatch: pytest.MonkeyPatch, name: str, value: str, code: int, level: str
) -> None:
    monkeypatch.setenv("FACESTREAM_LOG_FORMAT", "json")
    monkeypatch.setenv(name, value)
    told = [json.loads(line) for line in here("config", "show", code=code).stderr.splitlines()]
    assert [(entry["level"], name in entry["message"]) for entry in told] == [(level, True)]


@pytest.mark.parametrize(
    "words",
    [
        ("people", "name", "p1", "see --log-format json", "--nope"),
        ("run", "--nope", "--", "--log-format=json"),
    ],
)
def test_words_that_are_no_options_say_nothing_of_log_lines(here: Here, words: tuple[str, ...]) -> None:
    assert here(*words, code=2).stderr.splitlines()[-1].startswith("Error: No such option")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"time": "t", "level": "error", "logger": "facestream", "message": "no room"}', "no room"),
        ("Error: no room", "Error: no room"),
        ("7", "7"),
        ("[]", "[]"),
        ('{"people": 1}', '{"people": 1}'),
    ],
)
def test_what_another_process_has_logged_is_read_in_either_format(line: str, message: str) -> None:
    assert message_of(line) == message
