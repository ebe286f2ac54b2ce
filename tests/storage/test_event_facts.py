"""What is looked up for events."""

from __future__ import annotations

import redis

from storage.event_facts import EventFacts, SourceFacts
from storage.keys import Keys


def test_the_date_of_a_file_is_as_it_is_now(client: redis.Redis, keys: Keys) -> None:
    facts = EventFacts(client, keys)
    client.hset(keys.track("v-1.1"), "source_id", "v-1")
    client.hset(keys.source("v-1"), mapping={"kind": "video", "path": "/a.mp4"})
    assert facts.sources(["v-1.1"]) == {"v-1.1": SourceFacts("v-1", "/a.mp4")}
    client.hset(keys.source("v-1"), "recorded_at_s", "1700000000.5")
    assert facts.sources(["v-1.1"]) == {"v-1.1": SourceFacts("v-1", "/a.mp4", 1700000000.5)}


def test_cameras_are_looked_up_once(client: redis.Redis, keys: Keys) -> None:
    facts = EventFacts(client, keys)
    client.hset(keys.track("c-door.1"), "source_id", "c-door")
    client.hset(keys.source("c-door"), mapping={"kind": "camera", "path": "rtsp://x", "recorded_at_s": "17"})
    door = SourceFacts("c-door", "rtsp://x", 17.0)
    assert facts.sources(["c-door.1", "gone"]) == {"c-door.1": door}
    client.delete(keys.source("c-door"))
    assert facts.sources(["c-door.1"]) == {"c-door.1": door}
    facts.forget_sources()
    assert facts.sources(["c-door.1"]) == {"c-door.1": SourceFacts("c-door")}
