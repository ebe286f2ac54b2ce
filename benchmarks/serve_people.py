"""How long lists of people take over HTTP: a real server and a real Redis, with made-up people.

    python benchmarks/serve_people.py [--people 100000] [--requests 200] [--json FILE]

The server runs in a process of its own and is asked by one client, one request after the other, over a kept
connection on loopback. What is told is the whole time from the request to the last byte of the answer: the
median, the 95th percentile and the longest. Each question is asked with other texts, places and orders, so
that what is kept of the answer before rarely helps. Then the same while people change in Redis twenty times
a second, each of which changes all lists.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import psutil
from benchmark_script import run_script
from figure import Figure
from percentiles import percentile
from result import Result, add_json_option
from served_folder import served

from facestream import connect
from storage.decision_log import DecisionLog
from storage.effects import Effects
from storage.identity_record import ChangeKind, Identity, IdentityChange
from storage.identity_store import IdentityStore
from storage.lease import Lease
from storage.sighting_record import Sighting
from storage.source_record import SourceRecord

_SOURCES = 200
_HOUR_S = 3600.0
_HIGH = "95th percentile"
_FIRST = ("Ada", "Alan", "Grace", "Edsger", "Barbara", "Donald", "Frances", "Kurt", "Emmy", "Leonhard", "Zoë")
_LAST = ("Lovelace", "Turing", "Hopper", "Dijkstra", "Liskov", "Knuth", "Allen", "Gödel", "Noether", "Euler")


def person(number: int, sources: list[str], fate: random.Random) -> Identity:
    """Somebody with six sightings and five thumbnails."""
    sightings = []
    for _ in range(6):
        start_s = round(fate.uniform(0, _HOUR_S - 60), 3)
        sightings.append(Sighting(fate.choice(sources), start_s, round(start_s + fate.uniform(1, 60), 3)))
    return Identity(
        f"p{number}",
        tracks=6,
        faces=fate.randint(10, 2000),
        seconds=round(sum(end_s - start_s for _, start_s, end_s in sightings), 3),
        sightings=tuple(sightings),
        thumbnails=tuple(f"{seen.source_id}.{fate.randrange(90000)}.0.7" for seen in sightings[:5]),
    )


def fill(store: IdentityStore, lease: Lease, people: int) -> None:
    """Write people, seven of ten with names."""
    fate = random.Random(1)
    sources = [f"v-{k:016x}" for k in range(_SOURCES - 2)] + ["c-door", "c-yard"]
    for k, source_id in enumerate(sources):
        camera = source_id.startswith("c-")
        path = "rtsp://host/live" if camera else f"/videos/hall-{k % 5}/2026-05-{k % 28 + 1:02d}.mp4"
        kind = "camera" if camera else "video"
        store.register_source(
            SourceRecord(source_id, kind, path, 1920, 1080, _HOUR_S, 1.77e9 + k * 86400.0, 5.0)
        )
    for first in range(1, people + 1, 1000):
        assert lease.acquire()
        numbers = range(first, min(first + 1000, people + 1))
        everybody = [person(number, sources, fate) for number in numbers]
        store.commit(
            Effects(
                identities=everybody,
                names={
                    one.identity_id: f"{fate.choice(_FIRST)} {fate.choice(_LAST)} {one.number}"
                    for one in everybody
                    if fate.random() < 0.7
                },
            ),
            lease,
        )
    lease.release()


def questions(people: int) -> dict[str, Callable[[random.Random], tuple[str, dict[str, str | int]]]]:
    """What is asked, by what it is called."""
    sorts = ("seconds", "last", "name", "sightings")
    return {
        "GET /people, any page": lambda f: ("people", {"offset": f.randrange(people)}),
        "sorted": lambda f: ("people", {"sort": f.choice(sorts), "offset": f.randrange(1000)}),
        "with a text": lambda f: (
            "people",
            {"q": f"{f.choice(_LAST)[: f.randint(2, 5)]} {f.randrange(10, 99)}"},
        ),
        "with one letter": lambda f: ("people", {"q": f.choice("abcdefghiklmnoprstuvy"), "limit": 50}),
        "of a camera": lambda f: ("people", {"camera": "door", "min_seconds": f.randrange(60)}),
        "GET /people/ID": lambda f: (f"people/p{f.randint(1, people)}", {}),
        "GET /sightings": lambda f: ("sightings", {"offset": f.randrange(1000)}),
        "of a camera, since a date": lambda f: (
            "sightings",
            {"camera": "yard", "since": "2026-05-01", "offset": f.randrange(100)},
        ),
        "GET /stats": lambda _: ("stats", {}),
    }


def ask(url: str, people: int, requests: int) -> Iterator[tuple[str, list[float]]]:
    """Times of each question."""
    fate = random.Random(2)
    with httpx2.Client(base_url=f"{url}/api/v1/", timeout=120) as client:
        for name, make in questions(people).items():
            times_s = []
            for _ in range(requests):
                path, parameters = make(fate)
                began_s = time.perf_counter()
                answer = client.get(path, params=parameters)
                times_s.append(time.perf_counter() - began_s)
                answer.raise_for_status()
            yield name, times_s


@contextlib.contextmanager
def changing(store: IdentityStore, lease: Lease, people: int) -> Iterator[list[str]]:
    """As long as it lasts somebody is seen again twenty times a second; gives who was, as it goes on.

    Raises:
        SystemExit: If that came to an end before.
    """
    stop, changed = threading.Event(), list[str]()

    def change() -> None:
        fate = random.Random(3)
        sources = [source.source_id for source in store.sources()]
        while not stop.wait(0.05):
            assert lease.acquire()
            one = person(fate.randint(1, people), sources, fate)
            event = IdentityChange(ChangeKind.ASSIGNED, one.identity_id)
            store.commit(Effects(identities=[one], changes=[event]), lease)
            changed.append(one.identity_id)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield changed
        if not thread.is_alive():
            raise SystemExit("people no longer changed")
    finally:
        stop.set()
        thread.join()


def times_of(when: str, asked: Iterator[tuple[str, list[float]]]) -> dict[str, dict[str, float]]:
    """Times of each question, ms, which are printed."""
    found = {}
    print(f"{when}:")
    for name, times_s in asked:
        shares = {"median": 0.5, _HIGH: 0.95, "longest": 1.0}
        found[name] = {words: percentile(times_s, share) * 1000 for words, share in shares.items()}
        print(f"  {name:<28}", "  ".join(f"{time_ms:7.1f} ms" for time_ms in found[name].values()))
    return found


def main() -> None:
    """Fill, serve and ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=200)
    add_json_option(parser)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, connect(Path(scratch) / "data") as store:
        identities = store._identities
        lease = Lease(store._handle.client, identities.keys.leader, ttl_s=60)
        fill(identities, lease, arguments.people)
        began_s = time.perf_counter()
        with served(Path(scratch) / "data") as server:
            httpx2.get(f"{server.url}/api/v1/people", timeout=120).raise_for_status()
            ready_s, process = time.perf_counter() - began_s, psutil.Process(server.pid)
            first_mb = process.memory_info().rss / 1e6
            print(f"{arguments.people:,} people, ready after {ready_s:.1f} s, {first_mb:.0f} MB")
            figures = [Figure("ready after", ready_s, "s"), Figure("memory when ready", first_mb, "MB")]
            rest = times_of("at rest", ask(server.url, arguments.people, arguments.requests))
            began_s = time.perf_counter()
            with changing(identities, lease, arguments.people) as changed:
                busy = times_of("while people change", ask(server.url, arguments.people, arguments.requests))
                print(f"{len(changed) / (time.perf_counter() - began_s):.1f} changes a second")
            for name, times in rest.items():
                figures += [Figure(f"{name}, {words}", ms, "ms") for words, ms in times.items()]
            for name, times in busy.items():
                what = f"{name}, while people change, {_HIGH}"
                figures.append(Figure(what, times[_HIGH], "ms", "less", rest[name][_HIGH], "at rest"))
            last_mb = process.memory_info().rss / 1e6
            print(f"{last_mb:.0f} MB at the end")
            began_s = time.perf_counter()
            DecisionLog(store._handle.client, identities.keys).rename("p1", "Somebody")
            asked = {"q": "Somebody"}
            while not httpx2.get(f"{server.url}/api/v1/people", params=asked).json()["total"]:
                pass
            shown_s = time.perf_counter() - began_s
            print(f"a name given elsewhere shows after {shown_s:.2f} s")
            figures += [
                Figure("memory at the end", last_mb, "MB"),
                Figure("a name given elsewhere shows after", shown_s, "s"),
            ]
    Result(figures, details={"people": arguments.people, "requests": arguments.requests}).write(
        arguments.json
    )


if __name__ == "__main__":
    run_script(main)
