from __future__ import annotations

import math
import secrets
import time
from collections.abc import Callable, Mapping

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from storage import frame_streams
from storage.data_keys import MAGIC, DataKeys, sealed_with
from storage.errors import DataKeyError
from storage.frame_streams import KEPT_S, FrameStreams, Outgoing, length
from storage.keys import Keys
from storage.lease import Lease
from storage.remote_frame import MAX_PICTURE_BYTES, RemoteFrame, RemotePackets

FPS = 5.0
Send = Callable[..., set[str]]


def a_frame(number: int = 0, jpeg: bytes = b"JPEG") -> RemoteFrame:
    return RemoteFrame("c-door", 5 * number, number / FPS, 1.8e9 + number / FPS, "ab12", number, jpeg)


def packets_frame(number: int = 0) -> RemoteFrame:
    packets = RemotePackets("h264", b"SPS, PPS", (b"KEYFRAME", b"NEXT"), (0,))
    at_s = number / FPS
    return RemoteFrame("c-door", 5 * number, at_s, 1.8e9 + at_s, "ab12", number, packets=packets)


@pytest.fixture
def streams(client: redis.Redis, keys: Keys) -> FrameStreams:
    return FrameStreams(client, keys)


@pytest.fixture
def lease(client: redis.Redis, keys: Keys) -> Lease:
    lease = Lease(client, keys.camera_reader_lease("door"), ttl_s=600)
    assert lease.acquire()
    return lease


@pytest.fixture
def send(streams: FrameStreams, lease: Lease) -> Send:
    return lambda *frames: streams.send([Outgoing("door", lease, FPS, frame) for frame in frames])


def read(streams: FrameStreams, count: int = 1000) -> list[RemoteFrame | None]:
    return [each.frame for each in streams.read("door", "c-door", b"0-0", count, 1)]


def problem_with(
    client: redis.Redis,
    keys: Keys,
    streams: FrameStreams,
    sent: RemoteFrame,
    changes: Mapping[bytes, bytes | None],
) -> str:
    """What is wrong with the one frame that was sent once fields are changed; None leaves one out."""
    ((_, raw),) = client.xrange(keys.camera_frames("door"))
    changed = {name: value for name, value in {**raw, **changes}.items() if value is not None}
    client.xadd(keys.camera_frames("door"), changed)
    good, bad = streams.read("door", "c-door", b"0-0", 10, 1)
    assert good.frame == sent
    assert bad.frame is None
    return bad.problem


def test_frames_come_as_they_were_sent_and_go_when_they_are_deleted(
    streams: FrameStreams, send: Send
) -> None:
    frames = [a_frame(0), a_frame(1, b""), a_frame(2)]
    assert send(*frames) == set()
    received = streams.read("door", "c-door", b"0-0", 2, 1)
    assert [each.frame for each in received] == frames[:2]
    newest = streams.newest("door", "c-door")
    assert newest is not None
    assert newest.frame == frames[2]
    assert streams.told_s("door") == -math.inf
    streams.delete("door", [each.entry_id for each in received], 0.25)
    assert read(streams) == frames[2:]
    assert streams.told_s("door") == 0.25


def test_a_stream_holds_no_more_than_its_camera_samples_in_half_a_minute(
    client: redis.Redis, keys: Keys, streams: FrameStreams, send: Send
) -> None:
    assert length(FPS) == 150
    for start in range(0, 400, 50):
        send(*(a_frame(number) for number in range(start, start + 50)))
        assert client.xlen(keys.camera_frames("door")) <= 150
    frames = read(streams)
    assert [frame.sequence for frame in frames if frame] == list(range(250, 400))


def test_no_frame_is_there_for_longer_than_a_minute_whoever_dies(
    client: redis.Redis,
    keys: Keys,
    streams: FrameStreams,
    send: Send,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = keys.camera_frames("door")
    send(a_frame(0))
    # Of a camera that sends no more, the stream goes.
    assert 0 < client.pttl(key) <= KEPT_S * 1000
    # Of one that goes on, the frame does.
    monkeypatch.setattr(frame_streams, "KEPT_S", 0.2)
    time.sleep(0.25)
    send(a_frame(1))
    assert [frame.sequence for frame in read(streams) if frame] == [1]
    time.sleep(0.25)
    assert not client.exists(key)


def test_who_sends_learns_that_another_reader_does(
    client: redis.Redis, streams: FrameStreams, send: Send, lease: Lease, keys: Keys
) -> None:
    yard = Lease(client, keys.camera_reader_lease("yard"), ttl_s=600)
    assert yard.acquire()
    client.set(lease.key, b"another/1")
    batch = [Outgoing("door", lease, FPS, a_frame(0)), Outgoing("yard", yard, FPS, a_frame(1))]
    assert streams.send(batch) == {"door"}


def test_pictures_of_an_encrypted_collection_are_sealed_each_for_its_place(
    client: redis.Redis, keys: Keys, lease: Lease
) -> None:
    data_keys = DataKeys(lambda: [key], "a test")
    key = secrets.token_bytes(32)
    client.hset(keys.meta, "data_key", data_keys.ids()[0])
    streams = FrameStreams(client, keys, data_keys)
    streams.send([Outgoing("door", lease, FPS, a_frame(n, b"PICTURE" if n else b"")) for n in range(2)])
    still, stored = (raw[b"jpeg"] for _, raw in client.xrange(keys.camera_frames("door")))
    assert still == b""
    assert sealed_with(stored) == data_keys.ids()[0]
    assert b"PICTURE" not in stored
    assert read(streams) == [a_frame(0, b""), a_frame(1, b"PICTURE")]
    # Moved to another frame, it does not open; nor without the key, with which nothing is sent either.
    (_, raw), *_ = client.xrevrange(keys.camera_frames("door"), count=1)
    client.xadd(keys.camera_frames("door"), raw | {b"index": b"999"})
    assert read(streams)[-1] is None
    keyless = FrameStreams(client, keys)
    problems = [each.problem for each in keyless.read("door", "c-door", b"0-0", 10, 1)]
    assert "is not here" in problems[1]
    with pytest.raises(DataKeyError):
        keyless.send([Outgoing("door", lease, FPS, a_frame(3))])


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        (b"index", b"-1", "'index' is not a count"),
        (b"index", b"1e300", "'index' is too large"),
        (b"sequence", b"1e17", "'sequence' is too large"),
        (b"media_s", b"nan", "'media_s' is not finite"),
        (b"media_s", b"1e300", "'media_s' is no time"),
        (b"captured_at_s", b"-1", "'captured_at_s' is no time"),
        (b"captured_at_s", b"soon", "'captured_at_s' is not a number"),
        (b"sequence", b"1.5", "'sequence' is not a count"),
        (b"reading", b"\xff", "'reading' is not UTF-8"),
        (b"jpeg", None, "'jpeg' is missing"),
    ],
)
def test_an_entry_that_is_malformed_says_what_is_wrong(
    client: redis.Redis,
    keys: Keys,
    streams: FrameStreams,
    send: Send,
    field: bytes,
    value: bytes | None,
    problem: str,
) -> None:
    send(a_frame())
    assert problem in problem_with(client, keys, streams, a_frame(), {field: value})


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        (b"sizes", None, "'sizes' is missing"),
        (b"sizes", b"", "'sizes' does not fit 'packets'"),
        (b"sizes", b"12", "'keyframes' does not fit"),
        (b"sizes", b"8,5", "'sizes' does not fit 'packets'"),
        (b"sizes", b"0,12", "'sizes' does not fit 'packets'"),
        (b"sizes", b"16,-4", "'sizes' is no list of whole numbers"),
        (b"sizes", b"8,4x", "'sizes' is no list of whole numbers"),
        (b"sizes", b"1," * 10_000 + b"1", "'sizes' has 10,001 entries"),
        (b"keyframes", b"2", "'keyframes' does not fit 'sizes'"),
        (b"keyframes", b"1,0", "'keyframes' does not fit 'sizes'"),
        (b"extradata", bytes(70_000), "'extradata' has 70,000 bytes"),
        (b"codec", b"\xff", "'codec' is not UTF-8"),
        (b"codec", None, "'codec' is missing"),
    ],
)
def test_packets_that_do_not_fit_together_say_what_is_wrong(
    client: redis.Redis,
    keys: Keys,
    streams: FrameStreams,
    send: Send,
    field: bytes,
    value: bytes | None,
    problem: str,
) -> None:
    send(packets_frame())
    changes = {field: value}
    if problem.startswith("'keyframes' does not fit") and field == b"sizes":
        changes[b"keyframes"] = b"1"
    assert problem in problem_with(client, keys, streams, packets_frame(), changes)


def test_packets_of_an_encrypted_collection_are_sealed_for_their_place(
    client: redis.Redis, keys: Keys, lease: Lease
) -> None:
    key = secrets.token_bytes(32)
    data_keys = DataKeys(lambda: [key], "a test")
    client.hset(keys.meta, "data_key", data_keys.ids()[0])
    streams = FrameStreams(client, keys, data_keys)
    streams.send([Outgoing("door", lease, FPS, packets_frame(1))])
    ((_, raw),) = client.xrange(keys.camera_frames("door"))
    assert sealed_with(raw[b"packets"]) == data_keys.ids()[0]
    assert b"KEYFRAME" not in raw[b"packets"]
    client.xadd(keys.camera_frames("door"), raw | {b"index": b"999"})
    assert read(streams) == [packets_frame(1), None]


@pytest.mark.parametrize("field", ["jpeg", "packets"])
def test_a_picture_of_any_size_is_not_taken(
    client: redis.Redis, keys: Keys, streams: FrameStreams, field: str
) -> None:
    fields = {"index": 0, "media_s": 0, "captured_at_s": 0, "reading": "a", "sequence": 0}
    client.xadd(keys.camera_frames("door"), {**fields, field: bytes(MAX_PICTURE_BYTES + 1)})
    (bad,) = streams.read("door", "c-door", b"0-0", 10, 1)
    assert bad.problem == f"field {field!r} has {MAX_PICTURE_BYTES + 1:,} bytes"
    client.delete(keys.camera_frames("door"))


@pytest.mark.parametrize("written", ["nan", "inf", "soon", ""])
def test_what_was_told_of_is_nothing_where_it_can_not_be_read(
    client: redis.Redis, keys: Keys, streams: FrameStreams, written: str
) -> None:
    client.set(keys.camera_frames_told("door"), written)
    assert streams.told_s("door") == -math.inf


def test_what_was_told_of_is_known_for_longer_than_any_frame_is_there(
    client: redis.Redis, keys: Keys, streams: FrameStreams
) -> None:
    streams.delete("door", [], 3.5)
    assert KEPT_S * 1000 < client.pttl(keys.camera_frames_told("door")) <= 2 * KEPT_S * 1000


@given(
    index=st.integers(0, 2**53),
    media_s=st.floats(0, 1e9),
    at_s=st.floats(0, 3e10),
    sequence=st.integers(0, 2**53),
    jpeg=st.binary(max_size=40).map(lambda rest: b"\xff\xd8" + rest),
)
def test_a_picture_is_read_back_as_it_was_written(
    index: int, media_s: float, at_s: float, sequence: int, jpeg: bytes
) -> None:
    frame = RemoteFrame("c-door", index, media_s, at_s, "ab12", sequence, jpeg)
    assert read_back(frame) == frame


@given(
    codec=st.text(max_size=8),
    extradata=st.binary(max_size=40).filter(lambda data: not is_sealed(data)),
    data=st.lists(
        st.binary(min_size=1, max_size=40).filter(lambda data: not is_sealed(data)), min_size=1, max_size=8
    ),
    draw=st.data(),
)
def test_packets_are_read_back_as_they_were_written(
    codec: str, extradata: bytes, data: list[bytes], draw: st.DataObject
) -> None:
    keyframes = draw.draw(st.sets(st.integers(0, len(data) - 1)))
    packets = RemotePackets(codec, extradata, tuple(data), tuple(sorted(keyframes)))
    frame = RemoteFrame("c-door", 5, 0.2, 1.8e9, "ab12", 1, packets=packets)
    assert read_back(frame) == frame


def is_sealed(data: bytes) -> bool:
    """Whether it begins as no codec's data do, but what is sealed."""
    return data.startswith(MAGIC)


def read_back(frame: RemoteFrame) -> RemoteFrame:
    written = {
        name.encode(): value if isinstance(value, bytes) else str(value).encode()
        for name, value in frame.encode(frame_streams.PLAIN).items()
    }
    return RemoteFrame.decode("c-door", written, frame_streams.NO_DATA_KEYS)
