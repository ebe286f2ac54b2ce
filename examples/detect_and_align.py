"""Find every face of a photo, and turn each so that eyes, nose and mouth are where the embedder expects them.

    python examples/detect_and_align.py [PHOTO] [--output FOLDER]

Without PHOTO, a group photo that ships inside a dependency is taken. FOLDER gets `faces.jpg`, the photo with
what was found, and `face_1.jpg`, `face_2.jpg`, ..., the aligned faces, the largest first.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2

import facestream
from facestream.demo_video import GROUP
from facestream.search.search import read_photo
from facestream.wiring import make_pack
from workers.faces.alignment import align
from workers.faces.quality import measure, roll_deg, sharpness

LEAST_FACE_PX = 20
GREEN_BGR = (80, 200, 80)

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("photo", type=Path, nargs="?", default=GROUP.path())
parser.add_argument("--output", type=Path, default=Path("aligned-faces"), metavar="FOLDER")
args = parser.parse_args()

with facestream.errors_shown():
    # A pack is a detector and an embedder that belong together; "open" is the built-in one.
    pack = make_pack("open")
    image = read_photo(args.photo).image_bgr
    height_px, width_px = image.shape[:2]

    # One list of detections for each image: box, five landmarks, score.
    (detections,) = pack.detector.detect([image], LEAST_FACE_PX)
    qualities = [measure(detection, height_px, width_px) for detection in detections]
    faces = sorted(zip(detections, qualities, strict=True), key=lambda face: -face[1].size_px)

    args.output.mkdir(parents=True, exist_ok=True)
    annotated = image.copy()
    print("face  box                   score  size px  roll °  yaw   sharpness")
    for number, (detection, quality) in enumerate(faces, 1):
        # A similarity transform: the face is turned, scaled and moved, but not warped.
        aligned = align(image, detection.landmarks, pack.embedder.template, pack.embedder.input_px)
        cv2.imwrite(str(args.output / f"face_{number}.jpg"), aligned)
        left, top, right, bottom = (round(float(side)) for side in detection.box_xyxy)
        print(
            f"{number:4}  {left:4} {top:4} {right:4} {bottom:4}   {detection.score:.3f}  "
            f"{quality.size_px:7.0f}  {roll_deg(detection.landmarks):6.1f}  {quality.yaw:+.2f}  "
            f"{sharpness(aligned):.2f}"
        )
        cv2.rectangle(annotated, (left, top), (right, bottom), GREEN_BGR, 2)
        for x, y in detection.landmarks:
            cv2.circle(annotated, (round(float(x)), round(float(y))), 3, GREEN_BGR, -1)
        cv2.putText(annotated, str(number), (left, top - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.8, GREEN_BGR, 2)
    cv2.imwrite(str(args.output / "faces.jpg"), annotated)
    size_px = pack.embedder.input_px
    print(f"\n{args.output}: faces.jpg and {len(faces)} aligned faces of {size_px}x{size_px} px")
