from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.redaction import redact_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://host:6379/0", "redis://host:6379/0"),
        ("redis://host", "redis://host"),
        ("redis://[::1]:6379/2", "redis://[::1]:6379/2"),
        ("redis://user:secret@host:6379/0", "redis://user:***@host:6379/0"),
        ("REDISS://user:secret@host", "rediss://user:***@host"),
        ("valkey://:secret@host:6379", "valkey://:***@host:6379"),
        ("redis://secret@host", "redis://***@host"),
        ("redis://secret:@host", "redis://***@host"),
        ("redis://user:p@ss:w/rd@host:1/2", "redis://user:***@host:1/2"),
        ("redis://user:p%40ss%3Aw%2Frd@host", "redis://user:***@host"),
        ("redis://us%20er:secret@host", "redis://***:***@host"),
        ("redis://user:p?ss@host:6379/0", "redis://***"),
        ("redis://user:p#ss@host:6379/0", "redis://***"),
        ("redis://host/0?password=secret", "redis://host/0?password=***"),
        ("redis://host?db=3&password=secret&other=secret", "redis://host?db=3&password=***&***"),
        ("redis://host?password=a&b&db=secret", "redis://host?password=***&***&***"),
        ("redis://host/0#secret", "redis://host/0#***"),
        ("redis://user:secret", "redis://***"),
        ("redis://host/secret", "redis://host/***"),
        ("unix:///run/my redis/redis.sock?db=1", "unix:///run/my redis/redis.sock?db=1"),
        ("unix://user:secret@/run/redis.sock", "unix://user:***@/run/redis.sock"),
        ("user:secret@host:6379", "user:***@host:6379"),
        ("redis:/user:secret@host", "redis:***@host"),
        ("host:6379", "host:6379"),
        ("secret", "***"),
        ("secret://host", "***://host"),
        ("redis://a:secret@one,redis://b:secret@two", "redis://a:***@two"),
        ("redis://ho st:6379", "redis://***"),
        ("", "***"),
    ],
)
def test_only_what_is_no_secret_stays_readable(url: str, shown: str) -> None:
    assert redact_url(url) == shown


# The prefix keeps a drawn secret from being, by chance, a part of what may be shown, such as "6379".
secrets = st.text(min_size=0, max_size=30).map(lambda text: f"S3cr{text}T")
schemes = st.sampled_from(
    ["redis://", "rediss://", "valkey://", "unix://", "REDIS://", "http://", "foo://", ""]
)
users = st.sampled_from(["", "user", "us%20er", "u@ser"])
locations = st.sampled_from(["host", "host:6379/0", "[::1]:1", "", "/run/redis.sock", ":6379"])


@given(schemes, users, secrets, locations)
def test_a_planted_password_never_shows(scheme: str, user: str, secret: str, location: str) -> None:
    shown = redact_url(f"{scheme}{user}:{secret}@{location}")

    assert secret not in shown
    assert "S3cr" not in shown


@given(schemes, users, secrets, locations)
def test_an_escaped_planted_password_never_shows(scheme: str, user: str, secret: str, location: str) -> None:
    shown = redact_url(f"{scheme}{user}:{quote(secret, safe='', errors='replace')}@{location}")

    assert "S3cr" not in shown


@given(schemes, locations, st.sampled_from(["password", "ssl_password", "username", "db", "x"]), secrets)
def test_a_planted_password_in_an_option_never_shows(
    scheme: str, location: str, name: str, secret: str
) -> None:
    shown = redact_url(f"{scheme}{location}?{name}={secret}")

    assert "S3cr" not in shown
    assert secret not in shown


@given(st.text())
def test_rubbish_is_answered_with_text_and_never_raises(url: str) -> None:
    assert isinstance(redact_url(url), str)


@given(st.text())
def test_a_redacted_url_stays_as_it_is(url: str) -> None:
    once = redact_url(f"redis://user:secret@host/{url}")

    assert "secret" not in once
    assert redact_url(once) == once
