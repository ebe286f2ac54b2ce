from __future__ import annotations

import time

from facestream.cameras.people_now import PeopleNow
from facestream.watch.visits import LATELY_S
from storage.identity_record import ChangeKind, IdentityChange


def change(
    kind: ChangeKind, person: str, track: str = "", other: str = "", ago_s: float = 0
) -> IdentityChange:
    return IdentityChange(kind, person, track, other_id=other, published_at_s=time.time() - ago_s)


def there(*changes: IdentityChange) -> list[str]:
    now = PeopleNow()
    now.take(changes)
    return now.at("door")


def created() -> IdentityChange:
    return change(ChangeKind.CREATED, "p1", "c-door.1.0", ago_s=9)


def test_the_latest_comes_first() -> None:
    came = change(ChangeKind.ASSIGNED, "p2", "c-door.2.0", ago_s=5)
    assert there(created(), came) == ["p2", "p1"]


def test_other_cameras_and_files_are_others() -> None:
    yard = change(ChangeKind.CREATED, "p2", "c-yard.1.0")
    video = change(ChangeKind.CREATED, "p3", "v-0123.1.0")
    assert there(created(), yard, video) == ["p1"]


def test_whoever_was_not_seen_lately_has_left() -> None:
    assert there(change(ChangeKind.CREATED, "p1", "c-door.1.0", ago_s=LATELY_S + 1)) == []


def test_a_track_that_is_somebody_else_s_takes_its_person_along() -> None:
    assert there(created(), change(ChangeKind.ASSIGNED, "p2", "c-door.1.0", other="p1")) == ["p2"]


def test_what_a_re_cluster_finds_of_long_ago_brings_nobody() -> None:
    assert there(created(), change(ChangeKind.SPLIT, "p2", "c-door.0.0", other="p9")) == ["p1"]


def test_who_is_merged_or_forgotten_is_told_so() -> None:
    assert there(created(), change(ChangeKind.MERGED, "p1", other="p5")) == ["p5"]
    assert there(created(), change(ChangeKind.FORGOTTEN, "p1")) == []


def test_after_a_gap_it_begins_anew() -> None:
    now = PeopleNow()
    now.take([created()])
    now.forget()
    assert now.at("door") == []
