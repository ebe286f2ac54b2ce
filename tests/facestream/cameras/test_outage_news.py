from __future__ import annotations

from facestream.cameras.outage_news import CamerasNow, Outage, OutageNews, untold_news

NOW = CamerasNow(
    {"door": Outage(1000.0, 1001.0, "no answer")},
    {"hall": 990.0},
    frozenset({"door", "hall", "yard"}),
    2000.0,
)


def test_of_cameras_is_told_what_is_new_to_somebody() -> None:
    down = OutageNews("door", "down", 1000.0, 1001.0, "no answer")
    assert untold_news(NOW, {}) == [down]
    assert untold_news(NOW, {"door": 900.0}) == []
    assert untold_news(NOW, {"hall": 900.0, "shed": 800.0, "yard": 700.0}) == [
        OutageNews("hall", "back", 900.0, 990.0),
        OutageNews("shed", "left", 800.0, 2000.0),
        down,
    ]
    assert untold_news(NOW, {}, ["hall"]) == []
    assert untold_news(NOW, {}, ["hall", "door"]) == [down]


def test_news_for_machines_are_the_same_however_often_they_are_told() -> None:
    (down,) = untold_news(NOW, {})
    assert down.json == {
        "id": "camera-door-down-1000.000",
        "kind": "camera",
        "camera": "door",
        "state": "down",
        "down_since": "1970-01-01T00:16:40.000Z",
        "reason": "no answer",
        "published_at": "1970-01-01T00:16:41.000Z",
    }
    (back,) = untold_news(NOW, {"hall": 900.0, "door": 1000.0})
    assert (back.json["id"], back.json["reason"]) == ("camera-hall-back-900.000", None)
