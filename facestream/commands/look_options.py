"""The options that say how videos and photos are looked at."""

from __future__ import annotations

import click

from facestream.configuration.setting_option import setting_option
from facestream.parsing import Number, Rate

fps_option = setting_option(
    "--fps",
    setting="fps",
    type=Rate(),
    default="5",
    show_default=True,
    metavar="N|native",
    help="Frames looked at per second of video.",
)

min_face_option = setting_option(
    "--min-face",
    "min_face_px",
    setting="min_face",
    show_envvar=False,
    type=Number(12, 10000),
    metavar="PX",
    help="Smallest face to look for.  [env var: FACESTREAM_MIN_FACE; default: 4 % of "
    "the shorter side, from 16 to 60]",
)

max_pixels_option = click.option(
    "--max-pixels",
    type=click.IntRange(min=1),
    metavar="N",
    help="Refuse frames and photos of more pixels, which take much memory.  [default: 33177600 for videos, "
    "that is 8K, and 200000000 for photos]",
)

include_forgotten_option = click.option(
    "--include-forgotten",
    is_flag=True,
    help="Look again at files in which people were forgotten, and find them anew.",
)

dated_names_option = click.option(
    "--dated-names",
    is_flag=True,
    help="Videos began at the date and time in their names, of this machine's zone: "
    "hall_20261129_220000.mp4, 2026-11-29 22.00.00.mkv.",
)

samples_option = setting_option(
    "--samples",
    setting="samples",
    type=click.Choice(["best", "all"]),
    default="best",
    show_default=True,
    help="all: also send the embedding of every face to the stream `faces`.",
)

clustering_option = setting_option(
    "--clustering",
    setting="clustering",
    show_envvar=False,
    type=click.Choice(["average", "dbscan", "hdbscan"]),
    help="How the collection groups tracks into people, now and in later runs. average: the best by "
    "measurement where there is video. hdbscan: as good on photos alone. dbscan: the simplest, but chains of "
    "look-alikes can make two people one. Another method than before groups everything anew.  [env var: "
    "FACESTREAM_CLUSTERING; default: the collection's, average for a new one]",
)
