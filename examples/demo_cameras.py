"""Be two cameras to try things with: a film in a loop, as MJPEG over HTTP. Ctrl-C ends it.

    python examples/demo_cameras.py [--video FILE] [--port 8090]

http://127.0.0.1:8090/hall.mjpg shows the film from its beginning, http://127.0.0.1:8090/yard.mjpg from its
middle. Without --video it is the film of `facestream demo`. Nobody but this machine can look.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2

from facestream.demo_video import make_video

FPS = 10
# Where in the film each camera begins, as a share of it.
CAMERAS = {"/hall.mjpg": 0.0, "/yard.mjpg": 0.5}


class Cameras(ThreadingHTTPServer):
    """Sends its pictures, JPEGs, to whoever looks, each in its time."""

    daemon_threads = True

    def __init__(self, pictures: list[bytes], port: int) -> None:
        super().__init__(("127.0.0.1", port), Looking)
        self.pictures = pictures
        self.began_s = time.monotonic()

    def picture(self, share: float, now_s: float) -> bytes:
        """What a camera shows that began with this share of the film behind it."""
        shown = int((now_s - self.began_s) * FPS + share * len(self.pictures))
        return self.pictures[shown % len(self.pictures)]


class Looking(BaseHTTPRequestHandler):
    """Somebody who looks at one of them."""

    server: Cameras

    def do_GET(self) -> None:
        """Send pictures for as long as they are taken."""
        share = CAMERAS.get(self.path)
        if share is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=picture")
        self.end_headers()
        try:
            while True:
                jpeg = self.server.picture(share, time.monotonic())
                head = f"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                self.wfile.write(head.encode() + jpeg + b"\r\n")
                time.sleep(1 / FPS)
        except OSError:
            # Whoever looked has gone.
            pass

    def log_message(self, *args: object) -> None:
        """Say nothing of who looks."""


def pictures_of(video: Path) -> list[bytes]:
    """Pictures of a film, `FPS` a second, as JPEGs."""
    film = cv2.VideoCapture(str(video))
    every = max(1, round(film.get(cv2.CAP_PROP_FPS) / FPS))
    jpegs, number = [], 0
    while film.grab():
        if number % every == 0:
            jpegs.append(
                cv2.imencode(".jpg", film.retrieve()[1], [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
            )
        number += 1
    film.release()
    if not jpegs:
        raise SystemExit(f"{video}: no picture can be read")
    return jpegs


def main(video: Path | None, port: int) -> None:
    """Send the pictures until Ctrl-C."""
    print("Making what the cameras see; their addresses follow.", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        pictures = pictures_of(video or make_video(Path(folder)))
    try:
        server = Cameras(pictures, port)
    except OSError as error:
        raise SystemExit(f"port {port}: {error.strerror}; choose another with --port") from error
    with server:
        for path in CAMERAS:
            print(f"http://127.0.0.1:{server.server_port}{path}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("No camera any more.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--video", type=Path)
    parser.add_argument("--port", type=int, default=8090)
    args = parser.parse_args()
    main(args.video, args.port)
