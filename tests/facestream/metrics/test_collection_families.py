"""How a collection is doing, for Prometheus."""

from __future__ import annotations

from facestream.metrics.collection_families import MOST_READERS, OTHERS, collection_families
from storage.collection_pulse import CollectionPulse
from storage.stream_readers import StreamReader


def behind(readers: list[StreamReader]) -> list[tuple[tuple[str, ...], float]]:
    return [
        (tuple(sample.labels.values()), sample.value)
        for family in collection_families(CollectionPulse(readers=tuple(readers)))
        for sample in family.samples
        if sample.name == "facestream_reader_behind_seconds"
    ]


def a_reader(name: str, behind_s: float, kind: str = "group") -> StreamReader:
    return StreamReader(name, kind, "changes", b"0-1", behind_s, behind_s)


def test_however_many_readers_there_are_rows_are_few_and_the_one_furthest_behind_is_told() -> None:
    readers = [a_reader(f"g{number:05}", number) for number in range(MOST_READERS + 500)]
    found = dict(behind(readers))
    assert len(found) == MOST_READERS + 1
    assert found["changes", "group", OTHERS] == MOST_READERS + 499


def test_two_whose_names_look_the_same_have_one_row() -> None:
    assert behind([a_reader("\ufffd", 3.0), a_reader("\ufffd", 7.0), a_reader(OTHERS, 1.0)]) == [
        (("changes", "group", "\ufffd"), 7.0),
        (("changes", "group", OTHERS), 1.0),
    ]
