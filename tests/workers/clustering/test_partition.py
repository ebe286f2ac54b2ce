from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workers.clustering.partition import Partition


@given(
    st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=20),
    st.sets(st.integers(0, 6)),
)
def test_clusters_with_a_founder_are_people_in_the_order_of_their_first_tracks(
    tracks: list[tuple[int, bool]], wide: set[int]
) -> None:
    ids = [f"t{k:02}" for k in range(len(tracks))]
    labels = [label for label, _ in tracks]
    founders = {label for label, founds in tracks if founds}

    def is_wide(label: int, group: tuple[str, ...]) -> bool:
        assert {labels[ids.index(track_id)] for track_id in group} == {label}
        return label in wide

    partition = Partition.of(
        ids, np.array(labels, np.intp), np.array([founds for _, founds in tracks], np.bool_), is_wide
    )
    of_label = [
        tuple(track_id for track_id, other in zip(ids, labels, strict=True) if other == label)
        for label in dict.fromkeys(labels)
    ]
    expected = [group for group in of_label if labels[ids.index(group[0])] in founders]
    assert list(partition.clusters) == expected
    assert list(partition.unassigned) == [t for t in ids if not any(t in group for group in expected)]
    assert partition.wide == len(wide & founders)
