import redis
from collection_contents import fill

from storage.keys import Keys
from storage.overview import Overview, Pulse


def test_the_pulse_of_a_collection_counts_what_is_there(client: redis.Redis, keys: Keys) -> None:
    overview = Overview(client, keys)
    assert overview.pulse() == Pulse()
    fill(client, keys)
    pulse = overview.pulse()
    assert (pulse.people, pulse.tracks, pulse.sources, pulse.cameras) == (
        client.hlen(keys.people),
        client.scard(keys.tracks),
        client.scard(keys.sources),
        client.scard(keys.cameras),
    )
    assert pulse.people > 0
    client.sadd(keys.ignored, "p1")
    assert overview.pulse() == pulse._replace(ignored=pulse.ignored + 1)


def test_rows_are_the_values_of_everybody(client: redis.Redis, keys: Keys) -> None:
    many = {f"p{n}".encode(): b"%d" % n for n in range(5000)}
    client.hset(keys.people, mapping=many)  # type: ignore[arg-type]
    found: dict[bytes, bytes] = {}
    for page in Overview(client, keys).rows():
        found |= page
    assert found == many


def test_owners_are_those_of_the_tracks_that_have_one(client: redis.Redis, keys: Keys) -> None:
    client.hset(keys.assignments, mapping={"t1": "p1", "t2": "p2", "t3": "p1"})
    assert Overview(client, keys).owners(["t1", "t3", "t4"]) == {"p1"}
    assert Overview(client, keys).owners([]) == set()
