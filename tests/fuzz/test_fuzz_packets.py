"""Packets of a camera that somebody changed on their way to the decoder."""

from __future__ import annotations

import pytest
from encoded_films import ENCODERS, packets_of
from fuzzing import mutations, slowly_fuzzed
from hypothesis import given
from hypothesis import strategies as st
from painted_video import write_video

from stream.packet_decoder import CODECS, PacketDecoder


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, bytes, list[bytes]]]:
    """A short film of each codec."""
    folder = tmp_path_factory.mktemp("films")
    return {
        codec: packets_of(
            write_video(folder / f"{codec}{suffix}", frames=6, codec=encoder, pix_fmt=pix_fmt, size=(64, 48))
        )
        for codec, (encoder, pix_fmt, suffix) in ENCODERS.items()
    }


@pytest.mark.parametrize("codec", sorted(CODECS))
@slowly_fuzzed
@given(data=st.data())
def test_whatever_arrives_costs_no_more_than_pictures(
    films: dict[str, tuple[str, bytes, list[bytes]]], codec: str, data: st.DataObject
) -> None:
    _, extradata, packets = films[codec]
    decoder = PacketDecoder(codec, data.draw(mutations(extradata)), max_pixels=4_000)
    given = packets[:1] + [data.draw(mutations(packet)) for packet in packets[1:]]
    for packet in given:
        try:
            decoder.decode(packet)
            image = decoder.image_bgr()
        except ValueError:
            continue
        assert image is None or image.shape[0] * image.shape[1] <= 4_000
