import pickle
import re
import traceback
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.camera_url import CameraUrl
from stream.errors import CameraUrlError, StreamError


@pytest.mark.parametrize(
    ("text", "address", "masked"),
    [
        ("rtsp://host/live", "rtsp://host/live", "rtsp://host/live"),
        (" RTSP://Host:554/live\n", "rtsp://host:554/live", "rtsp://host:554/live"),
        (
            "rtsp://user:p@ss:w/rd@host:554/path",
            "rtsp://user:p%40ss%3Aw%2Frd@host:554/path",
            "rtsp://user:***@host:554/path",
        ),
        ("rtsp://user:p%40ss@host/a", "rtsp://user:p%40ss@host/a", "rtsp://user:***@host/a"),
        ("rtsp://user:100%@host/a", "rtsp://user:100%25@host/a", "rtsp://user:***@host/a"),
        ("rtsp://user:p@s/s@word@host", "rtsp://user:p%40s%2Fs%40word@host", "rtsp://user:***@host"),
        ("rtsp://s3cret:@host/a", "rtsp://s3cret:@host/a", "rtsp://***:***@host/a"),
        ("rtsp://user:$p!(x)@host/a", "rtsp://user:$p!(x)@host/a", "rtsp://user:***@host/a"),
        ("rtsp://s3cret@host/a", "rtsp://s3cret@host/a", "rtsp://***@host/a"),
        ("rtsp://us er:x@host/a", "rtsp://us%20er:x@host/a", "rtsp://***:***@host/a"),
        ("rtsp://[2001:DB8::1]:8554/a", "rtsp://[2001:db8::1]:8554/a", "rtsp://[2001:db8::1]:8554/a"),
        ("rtsp://küche.local/a", "rtsp://xn--kche-0ra.local/a", "rtsp://xn--kche-0ra.local/a"),
        (
            "rtsp://h/Streaming/Channels/101",
            "rtsp://h/Streaming/Channels/101",
            "rtsp://h/Streaming/Channels/101",
        ),
        ("rtsp://h/h264Preview_01_main", "rtsp://h/h264Preview_01_main", "rtsp://h/h264Preview_01_main"),
        (
            "rtsp://h/cam/realmonitor?channel=1&subtype=0",
            "rtsp://h/cam/realmonitor?channel=1&subtype=0",
            "rtsp://h/cam/realmonitor?channel=1&subtype=0",
        ),
        ("rtsp://h/user=a_password=s3_channel=1.sdp", "rtsp://h/user=a_password=s3_channel=1.sdp", "rtsp://h/***"),
        ("rtsp://h/0/admin/12345/main", "rtsp://h/0/admin/12345/main", "rtsp://h/0/admin/***/***"),
        ("rtsp://h/11/admin/admin123", "rtsp://h/11/admin/admin123", "rtsp://h/11/admin/***"),
        ("rtsp://h/Root/pass/1", "rtsp://h/Root/pass/1", "rtsp://h/Root/***/***"),
        ("rtsp://h/user/word/ch1", "rtsp://h/user/word/ch1", "rtsp://h/user/***/***"),
        ("rtsp://h/admin_hunter_1/ch1", "rtsp://h/admin_hunter_1/ch1", "rtsp://h/***/***"),
        ("rtsp://h/live?channel=Secret12345&stream=Hunter",
         "rtsp://h/live?channel=Secret12345&stream=Hunter",
         "rtsp://h/live?channel=***&stream=***"),
        ("rtsp://h/live?channel=Ch1&stream=main&profile=profile_2&resolution=1920x1080&codec=H264&fps=12.5",
         "rtsp://h/live?channel=Ch1&stream=main&profile=profile_2&resolution=1920x1080&codec=H264&fps=12.5",
         "rtsp://h/live?channel=Ch1&stream=main&profile=profile_2&resolution=1920x1080&codec=H264&fps=12.5"),
        ("rtsp://h/axis-media/media.amp?videocodec=h264&resolution=640x480",
         "rtsp://h/axis-media/media.amp?videocodec=h264&resolution=640x480",
         "rtsp://h/axis-media/media.amp?videocodec=h264&resolution=640x480"),
        ("rtsps://h:7441/aZ8kQ2mN9pR4tV6x", "rtsps://h:7441/aZ8kQ2mN9pR4tV6x", "rtsps://h:7441/***"),
        ("http://h/token/hunter/live", "http://h/token/hunter/live", "http://h/***/***/***"),
        (
            "http://h/video.cgi?user=a&pwd=b&resolution=640x480&x=1&loose",
            "http://h/video.cgi?user=a&pwd=b&resolution=640x480&x=1&loose",
            "http://h/video.cgi?user=***&pwd=***&resolution=640x480&***&***",
        ),
        ("https://h/a b/live.m3u8", "https://h/a%20b/live.m3u8", "https://h/***/live.m3u8"),
        ("webcam:0", "/dev/video0", "v4l2:///dev/video0"),
        ("/dev/video12", "/dev/video12", "v4l2:///dev/video12"),
        ("v4l2:///dev/v4l/by-id/usb-Cam_01-index0", "/dev/v4l/by-id/usb-Cam_01-index0",
         "v4l2:///dev/v4l/by-id/usb-Cam_01-index0"),
        (
            "synthetic://people?width=640&height=360&fps=10",
            "synthetic://people?width=640&height=360&fps=10",
            "synthetic://people?width=640&height=360&fps=10",
        ),
        ("synthetic://?fps=5", "synthetic://?fps=5", "synthetic://?fps=5"),
    ],
)  # fmt: skip
def test_what_people_write_is_understood_and_shown_masked(text: str, address: str, masked: str) -> None:
    url = CameraUrl.parse(text)
    assert (url.address, url.masked) == (address, masked)


def test_the_scheme_tells_what_kind_of_camera_it_is() -> None:
    texts = [
        "rtsp://h/a",
        "RTSPS://h/a",
        "http://h/a",
        "https://h/a",
        "webcam:1",
        "/dev/video1",
        "synthetic://x",
    ]
    schemes = ["rtsp", "rtsps", "http", "https", "v4l2", "v4l2", "synthetic"]
    assert [CameraUrl.parse(text).scheme for text in texts] == schemes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("host:554/live", "has no scheme such as rtsp://"),
        ("user:s3cret@host/live", "has no scheme such as rtsp://"),
        ("rtps://user:s3cret@host/live", "did you mean rtsp:// or rtsps://?"),
        ("s3cret://host/live", "has an unknown scheme"),
        ("rtmp://user:s3cret@host/live", "begins with rtmp://, which can't be read; use rtsp://"),
        ("file:///home/me/s3cret.mp4", "is a path on this computer"),
        ("/home/me/s3cret.mp4", "`facestream run`"),
        ("s3cret.mp4", "is a path on this computer"),
        ("C:\\s3cret.mp4", "is a path on this computer"),
        ("v4l2:///etc/s3cret", "names no video device"),
        ("rtsp://", "has no host"),
        ("rtsp:///live", "has no host"),
        ("rtsp://user:s3cret@/live", "has no host"),
        ("rtsp://user:s3cret@:554/live", "has no host"),
        ("rtsp://user:12/s3cret@/live", "has no host"),
        ("rtsp://ho st/live", "has a host with a character"),
        ("rtsp://host..x/live", "is no host name"),
        ("rtsp://300.1.1.1/live", "is no IP address"),
        ("rtsp://[::s]/live", "has a host with a character"),
        ("rtsp://[:::1]/live", "is no IP address"),
        ("rtsp://fd00::20/live", "IPv6 address without brackets"),
        ("rtsp://user:s3cret@fd00::20:554/live", "IPv6 address without brackets"),
        ("rtsp://" + "a" * 64 + "/live", "is no host name"),
        ("rtsp://host:0/live", "no number from 1 to 65535"),
        ("rtsp://host:65536/live", "no number from 1 to 65535"),
        ("rtsp://host:/live", "no number from 1 to 65535"),
        ("rtsp://host:s3cret/live", "no number from 1 to 65535"),
        ("rtsp://host:554s/live", "no number from 1 to 65535"),
        ("rtsp://user:s3?cret@host/live", "%3F"),
        ("rtsp://user:s3#cret@host/live", "%23"),
        ("rtsp://host/live?mail=s3@cret.org", "%40"),
        ("rtsp://host/live#s3cret", "%23"),
        ("rtsp://host/li\nve", "a control character"),
        ("rtsp://host/\udcff", "a control character"),
        ("rtsp://user:{env:s3 cret}@host/live", "{env:CAMERA_PASSWORD}"),
        ("rtsp://user:{file:s3cret}@host/live", "{file:/run/secrets/camera}"),
        ("rtsp://{env:HOST}/live", "has a host with a character"),
        ("rtsp://host/" + "a" * 5000, "at most 4096"),
    ],
)
def test_what_is_wrong_is_said_with_an_example_and_without_the_url(text: str, said: str) -> None:
    with pytest.raises(CameraUrlError) as caught:
        CameraUrl.parse(text)
    assert said in str(caught.value)
    assert "It should look like" in str(caught.value)
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))
    assert isinstance(caught.value, (StreamError, ValueError))


# The prefix keeps a drawn secret from being, by chance, a part of what may be shown, such as "live".
secrets = st.text(max_size=20).map(lambda text: f"S3cr{text}T")
any_text = st.one_of(st.text(max_size=60), st.text("rtsph:/@?#%{}env.file0[]", max_size=60))
schemes = st.sampled_from(["rtsp", "rtsps", "http", "https", "rtps", "file", "foo"])
places = st.sampled_from(["host", "host:554", "10.0.0.1", "[::1]:1", "", "host:99999", "ho st"])
tails = st.sampled_from(["", "/", "/live/ch1", "/a@b", "/live?channel=1", "/x?mail=a@b", "/x#y"])


def shown_of(text: str) -> str:
    """All that anybody gets to see when this is parsed."""
    try:
        url = CameraUrl.parse(text)
    except CameraUrlError as error:
        return "".join(traceback.format_exception(error))
    return f"{url.masked} {url} {url!r} {[url]}"


@given(schemes, st.sampled_from(["", "user", "us%20er", "u@ser"]), secrets, places, tails)
def test_a_planted_password_never_shows(scheme: str, user: str, secret: str, place: str, tail: str) -> None:
    for written in (secret, quote(secret, safe="", errors="replace")):
        shown = shown_of(f"{scheme}://{user}:{written}@{place}{tail}")
        assert "S3cr" not in shown
        assert secret not in shown


@given(
    st.sampled_from(["pass", "pwd", "token", "key", "auth", "user", "api_key", "accessToken", "sid_session"]),
    st.sampled_from(["/live?{}={}", "/live?channel=1&{}={}", "/{}={}", "/{}/{}", "/{}/a/{}/b", "/x_{}={}_y"]),
    secrets,
)
def test_a_secret_in_the_path_or_the_query_never_shows(name: str, form: str, secret: str) -> None:
    escaped = quote(secret, safe="", errors="replace")
    shown = shown_of("http://host" + form.format(name, escaped))
    assert "S3cr" not in shown
    assert escaped not in shown


@given(any_text)
def test_anything_is_either_read_or_refused(text: str) -> None:
    for candidate in (text, f"rtsp://{text}", f"synthetic://{text}", f"http://u:{text}@h/a"):
        assert shown_of(candidate)


@given(st.one_of(any_text, secrets), st.one_of(any_text, secrets), places, tails)
def test_the_encoded_and_the_masked_url_are_read_as_the_same(
    user: str, secret: str, place: str, tail: str
) -> None:
    try:
        url = CameraUrl.parse(f"rtsp://{user}:{secret}@{place}{tail}")
    except CameraUrlError:
        return
    assert CameraUrl.parse(url.address) == url
    assert CameraUrl.parse(url.masked).masked == url.masked


@given(secrets.filter(lambda text: text.isprintable() and text.isascii() and not set("?#{}%") & set(text)))
def test_a_password_that_nobody_encoded_arrives_whole(secret: str) -> None:
    url = CameraUrl.parse(f"rtsp://user:{secret}@host:554/path")
    assert url.password is not None
    assert unquote(url.password) == secret
    assert re.fullmatch(r"(?:[A-Za-z0-9!$&'()*+,;=~_.-]|%[0-9A-F]{2})*", url.password)
    assert url.address == f"rtsp://user:{url.password}@host:554/path"


def unread(path: str) -> str:
    raise FileNotFoundError(2, "No such file or directory", path)


def answers(text: str) -> Callable[[str], str]:
    return lambda path: text if path == "/run/secrets/front door" else unread(path)


def test_references_stand_until_the_camera_is_opened() -> None:
    text = (
        "rtsp://{env:CAM_USER}:{file:/run/secrets/front door}@host:554/{env:CAM_PATH}/a?token={env:CAM_TOKEN}"
    )
    url = CameraUrl.parse(text)
    assert url.address == text
    assert CameraUrl.parse(url.address) == url
    assert url.references == ("env:CAM_USER", "file:/run/secrets/front door", "env:CAM_PATH", "env:CAM_TOKEN")
    environ = {"CAM_USER": "admin", "CAM_PATH": "a/b", "CAM_TOKEN": "t&{env:CAM_USER}"}
    opened = url.resolved(environ, answers("p@ss:w/rd\n"))
    assert opened.address == ("rtsp://admin:p%40ss%3Aw%2Frd@host:554/a%2Fb/a?token=t%26%7Benv%3ACAM_USER%7D")
    assert opened.references == ()
    assert "p%40ss" not in repr(opened)
    assert "t%26" not in opened.masked


def test_a_url_without_references_is_its_own_resolution() -> None:
    url = CameraUrl.parse("rtsp://user:%7Benv:X%7D@host/live")
    assert url.references == ()
    assert url.resolved({}, unread) == url


@pytest.mark.parametrize(
    ("read_file", "said"),
    [
        (unread, "can't be read: No such file or directory"),
        (answers(""), "is empty"),
        (answers("\n"), "is empty"),
        (answers("S3cr\nT\n"), "has several lines"),
    ],
)
def test_a_missing_secret_is_named_by_its_file(read_file: Callable[[str], str], said: str) -> None:
    url = CameraUrl.parse("rtsp://user:{file:/run/secrets/front door}@host/live")
    with pytest.raises(CameraUrlError) as caught:
        url.resolved({}, read_file)
    assert "/run/secrets/front door" in str(caught.value)
    assert said in str(caught.value)
    assert "S3cr" not in str(caught.value)


def test_a_file_that_is_no_text_is_not_carried_along_in_the_error() -> None:
    def read(path: str) -> str:
        return b"S3cr\xff".decode("utf-8")

    with pytest.raises(CameraUrlError, match="no text in UTF-8") as caught:
        CameraUrl.parse("rtsp://user:{file:/run/s}@host/live").resolved({}, read)
    assert "S3cr" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("environ", [{}, {"CAM": ""}])
def test_a_missing_variable_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(CameraUrlError, match="environment variable CAM, which is not set"):
        CameraUrl.parse("rtsp://user:{env:CAM}@host/live").resolved(environ, unread)


def test_credentials_that_would_be_cut_short_on_their_way_are_refused() -> None:
    longest = "S3cr" + "!" * 119
    for scheme, password, fits in (
        ("rtsp", longest, True),
        ("rtsps", longest + "!", False),
        ("http", longest + "!", True),
    ):
        url = CameraUrl.parse(f"{scheme}://eve:{password}@host/live")
        if fits:
            assert url.resolved({}, unread) == url
            continue
        with pytest.raises(CameraUrlError, match=r"have 128 characters, .* at most 127") as caught:
            url.resolved({}, unread)
        assert "S3cr" not in str(caught.value)


def test_urls_are_values() -> None:
    url = CameraUrl.parse("rtsp://user:x@host/live")
    assert url == CameraUrl.parse("rtsp://user:x@host/live")
    assert len({url, replace(url)}) == 1
    assert pickle.loads(pickle.dumps(url)) == url
