"""Names of files of an export fit every file system."""

from __future__ import annotations

import os

from facestream.exports.source_files import file_stems, plain
from storage.source_record import SourceRecord


def test_long_names_of_any_script_have_room_for_what_is_put_around_them() -> None:
    for name in ("東京" * 60, "x" * 300, "é" * 200):
        assert 50 <= len(os.fsencode(plain(name))) <= 160
        source = SourceRecord("v-0123456789abcdef", "video", f"/films/{name[:80]}.mp4", 1, 1)
        (stem,) = file_stems([source]).values()
        assert len(os.fsencode(f"p3-{stem}-{source.source_id}.mp4")) < 255
