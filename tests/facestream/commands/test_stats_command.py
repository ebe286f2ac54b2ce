from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from command_runs import Cli, Processed

import facestream

pytestmark = pytest.mark.e2e


def test_each_re_cluster_is_told_the_last_one_first(processed: Processed) -> None:
    found = processed.cli("stats", "--json").json()
    # The video, then the photos.
    assert [one["people"] for one in found] == [7, 2]
    assert [one["tracks"] for one in found] == [9, 2]
    assert [one["earlier"] for one in found] == [2, 0]
    for one in found:
        # Nothing new was known of the tracks of the video when the photos came.
        assert (one["churn"], one["wide"], one["unassigned_share"]) == (0, 0, 0)
        assert one["seconds"] < 60
        ago = datetime.now(UTC) - datetime.fromisoformat(one["ended_at"])
        assert timedelta(0) < ago < timedelta(hours=1)

    with facestream.connect(processed.cli.data_dir) as store:
        assert [one.people for one in store.reclusters()] == [7, 2]
        assert [one.people for one in store.reclusters(1)] == [7]


def test_people_see_a_table(processed: Processed) -> None:
    head, last = processed.cli("stats", "--limit", "1").stdout.splitlines()
    assert head.split() == [
        "done",
        "tracks",
        "people",
        "of",
        "nobody",
        "churn",
        "wide",
        "seconds",
        "by",
        "for",
    ]
    assert last.split()[8] == "average"
    assert last.split()[2:7] == ["9", "7", "0.0%", "0.0%", "0"]


def test_of_an_empty_collection_there_is_nothing_to_tell(cli: Cli) -> None:
    assert "facestream run" in cli("stats").stdout
    assert cli("stats", "--json").json() == []
