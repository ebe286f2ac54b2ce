"""Watch the webcam of this machine (on Linux), and say who is seen while it happens.

    python examples/watch_webcam.py [--camera webcam] [--minutes 10] [--collection NAME]

Another camera is watched by its name, once `facestream camera add NAME URL` has added it. How long it is kept
who was seen is asked once, as for all cameras (or FACESTREAM_RETENTION_UNNAMED and _NAMED say it).
"""

from __future__ import annotations

import argparse
import subprocess
import sys

import facestream

FACESTREAM = [sys.executable, "-m", "facestream"]


def main(camera: str, minutes: float, collection: str) -> None:
    """Let `facestream watch` look at the camera, and listen to what it finds."""
    place = ["--collection", collection]
    known = subprocess.run([*FACESTREAM, "camera", "show", camera, *place], capture_output=True, check=False)
    if known.returncode != 0 and camera == "webcam":
        # Before it is stored: a machine without one would be asked for it from then on.
        tested = subprocess.run(
            [*FACESTREAM, "camera", "test", "webcam:0", "--seconds", "0.5"],
            capture_output=True,
            text=True,
            check=False,
        )
        if tested.returncode != 0:
            raise SystemExit(f"No webcam can be read here. {tested.stderr.strip()}")
        subprocess.run([*FACESTREAM, "camera", "add", camera, "webcam:0", *place], check=True)
    with facestream.connect(collection=collection) as store:
        command = [*FACESTREAM, "watch", camera, "--for", f"{minutes * 60:.0f}s", "--quiet", *place]
        watching = subprocess.Popen(command)
        try:
            while watching.poll() is None:
                for event in store.watch(timeout_s=0.5):
                    who = event.person_name or event.person_id
                    print(f"{event.event_at:%X}  {event.kind:8}  {who}" if event.event_at else event.kind)
        except KeyboardInterrupt:
            # It got that as well, and settles what it found last.
            pass
        finally:
            code = watching.wait()
    if code not in (0, 130):
        raise SystemExit(code)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--camera", default="webcam")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--collection", default="default")
    args = parser.parse_args()
    with facestream.errors_shown():
        main(args.camera, args.minutes, args.collection)
