"""What waits of a camera whose packets are passed on, without a camera."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream import packet_buffer
from stream.live_clock import Arrival
from stream.live_connection import EncodedPicture
from stream.packet_buffer import MAX_RUN_BYTES, PacketBuffer

KEY, NEXT = True, False


def _picture(keyframe: bool, size: int = 10) -> EncodedPicture:
    return EncodedPicture(bytes(size), keyframe, 0.0)


def _arrival(number: int) -> Arrival:
    return Arrival(1.8e9 + number, float(number), number)


@given(st.lists(st.sampled_from("knptl"), max_size=60), st.integers(1, 4))
def test_every_run_can_be_decoded_after_the_one_before_or_from_its_keyframe(
    events: list[str], capacity: int
) -> None:
    """k: a keyframe, n: another packet, p: put, t: take, l: what was taken is lost."""
    buffer = PacketBuffer(capacity)
    # Packets are told apart by their size, so that it is seen which ones are missing.
    sizes: list[int] = []
    put = lost = 0
    taken: list[int] = []
    for number, event in enumerate(events, start=1):
        if event in "kn":
            sizes.append(number)
            lost += buffer.add(_picture(event == "k", number), "h264")
        elif event == "p":
            kept, gone = buffer.put(_arrival(number), "h264", b"")
            put, lost = put + kept, lost + gone
        elif event == "l":
            lost += buffer.lose()
        elif (run := buffer.take()) is not None:
            lengths = [len(packet) for packet in run.packets]
            if taken and lengths:
                follows = sizes.index(lengths[0]) == sizes.index(taken[-1]) + 1
                assert follows or run.keyframes[:1] == (0,)
            elif lengths:
                assert run.keyframes[0] == 0
            taken += lengths
    left = 0
    while buffer.take() is not None:
        left += 1
    assert put >= left + lost


def test_of_pictures_that_stand_alone_the_one_that_is_looked_at_goes() -> None:
    buffer = PacketBuffer(4)
    for size in (1, 2, 3):
        buffer.add(_picture(KEY, size), "mjpeg")
    assert buffer.put(_arrival(1), "mjpeg", b"") == (True, 0)
    run = buffer.take()
    assert run is not None
    assert [len(packet) for packet in run.packets] == [3]


def test_what_waits_is_bounded_in_number_and_in_bytes() -> None:
    buffer = PacketBuffer(3)
    for number in range(3):
        buffer.add(_picture(KEY), "h264")
        assert buffer.put(_arrival(number), "h264", b"") == (True, 0)
    buffer.add(_picture(KEY), "h264")
    assert buffer.put(_arrival(3), "h264", b"") == (False, 3)
    assert buffer.take() is None
    size = packet_buffer._MOST_WAITING_BYTES // 3
    lost = 0
    for number in range(8):
        buffer.add(_picture(KEY, size), "h264")
        lost += buffer.put(_arrival(number), "h264", b"")[1]
    assert lost >= 3


def test_a_run_that_is_too_large_is_let_go_and_a_keyframe_is_waited_for() -> None:
    buffer = PacketBuffer(3)
    buffer.add(_picture(KEY, MAX_RUN_BYTES), "h264")
    buffer.add(_picture(NEXT), "h264")
    buffer.add(_picture(NEXT), "h264")
    assert buffer.put(_arrival(1), "h264", b"") == (False, 0)
    buffer.add(_picture(KEY), "h264")
    assert buffer.put(_arrival(2), "h264", b"") == (True, 0)


def test_of_another_connection_a_keyframe_is_waited_for_and_what_waits_stays() -> None:
    buffer = PacketBuffer(3)
    buffer.add(_picture(KEY), "h264")
    buffer.put(_arrival(1), "h264", b"")
    buffer.break_off()
    buffer.add(_picture(NEXT), "h264")
    assert buffer.put(_arrival(2), "h264", b"") == (False, 0)
    assert buffer.take() is not None
