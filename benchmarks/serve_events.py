"""How long an event takes from Redis to many readers of the HTTP API at once.

    python benchmarks/serve_events.py [--readers 200] [--seconds 20] [--per-second 10] [--json FILE]

Serves an empty collection in a process of its own, publishes events into Redis at a steady pace, and reads
them over server-sent events: first with one reader, then with many. Prints a Markdown table of milliseconds
from right before an event is published to when a reader has it; of many readers, all of them count.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path

from benchmark_script import run_script
from figure import Figure
from percentiles import percentile
from result import Result, add_json_option
from served_folder import served

from facestream.configuration.settings import Place
from facestream.wiring import make_store, open_handle
from storage.connection import RedisHandle
from storage.identity_record import ChangeKind, IdentityChange
from storage.keys import Keys

_KEYS = Keys("default")
_PATIENCE_S = 30.0


async def _read(port: int, ready: asyncio.Semaphore, delays_s: list[float]) -> None:
    """Read events, whose media time is when they were published, until cancelled."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    try:
        async for line in reader:
            if line.startswith(b"retry:"):
                ready.release()
            if line.startswith(b"data:"):
                now_s = time.time()
                delays_s.append(now_s - json.loads(line[5:])["event_s"])
    finally:
        writer.close()


def _publish(handle: RedisHandle, seconds: float, per_second: float) -> int:
    """Publish events at a steady pace; how many."""
    count = int(seconds * per_second)
    began_s = time.monotonic()
    for number in range(count):
        time.sleep(max(began_s + number / per_second - time.monotonic(), 0))
        change = IdentityChange(ChangeKind.ASSIGNED, "p1", "v-1.0.0", published_at_s=time.time())
        fields = change.encode() | {"event_s": f"{time.time():.6f}"}
        handle.client.xadd(_KEYS.changes, fields)  # type: ignore[arg-type]
    return count


async def _measure(port: int, handle: RedisHandle, readers: int, seconds: float, pace: float) -> list[float]:
    ready, delays_s = asyncio.Semaphore(0), list[float]()
    tasks = [asyncio.create_task(_read(port, ready, delays_s)) for _ in range(readers)]
    for _ in range(readers):
        await asyncio.wait_for(ready.acquire(), _PATIENCE_S)
    count = await asyncio.to_thread(_publish, handle, seconds, pace)
    end_s = time.monotonic() + _PATIENCE_S
    while len(delays_s) < count * readers and time.monotonic() < end_s:
        await asyncio.sleep(0.1)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    if len(delays_s) != count * readers:
        raise SystemExit(f"{len(delays_s)} of {count * readers} events arrived.")
    return delays_s


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--per-second", type=float, default=10)
    add_json_option(parser)
    given = parser.parse_args()
    result, alone = Result(), dict[str, float]()
    print("| readers | events | p50, ms | p95, ms | largest, ms |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "data"
        with open_handle(Place(folder)) as handle:
            make_store(handle, _KEYS).claim_model("dlib@1", {})
            handle.client.hset(_KEYS.track("v-1.0.0"), "source_id", "v-1")
            with served(folder) as server:
                port = int(server.url.rsplit(":", 1)[1])
                for readers in (1, given.readers):
                    delays_s = asyncio.run(_measure(port, handle, readers, given.seconds, given.per_second))
                    p50, p95, most = (1000 * percentile(delays_s, share) for share in (0.5, 0.95, 1.0))
                    print(f"| {readers} | {len(delays_s) // readers} | {p50:.1f} | {p95:.1f} | {most:.1f} |")
                    told = {"p50": p50, "p95": p95, "largest": most}
                    alone = alone or told
                    for name, delay_ms in told.items():
                        rival = None if readers == 1 else alone[name]
                        what = f"event to {readers} readers, {name}"
                        result.figures.append(Figure(what, delay_ms, "ms", "less", rival, "one reader"))
    result.write(given.json)


if __name__ == "__main__":
    run_script(main)
