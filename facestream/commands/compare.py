"""facestream compare: one face against another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from facestream.cli import device_option, verbosity_options
from facestream.commands.model_options import parts_options


@click.command(
    name="compare",
    epilog="""\b
Examples:
  facestream compare passport.jpg visitor.jpg
  facestream compare --json a.jpg b.jpg | jq .sure
""",
)
@click.argument("first", metavar="A", type=click.Path(path_type=Path))
@click.argument("second", metavar="B", type=click.Path(path_type=Path))
@parts_options
@device_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@verbosity_options
def command(first: Path, second: Path, pack: str, device: str, as_json: bool, quiet: bool, **_: Any) -> None:
    """Say whether photos A and B show the same person, and how sure that is.

    Of several faces in a photo the largest is taken. "Sure" takes both answers for equally likely before the
    look. Nothing is stored.
    """
    from facestream import compare
    from facestream.output import print_json, printable
    from facestream.search.search import in_percent

    result = compare(first, second, models=pack, device=device)
    if as_json:
        print_json(
            {
                "same": result.same,
                "sure": round(result.sureness, 4),
                "similarity": round(result.similarity, 4),
                "photos": [
                    {"photo": str(path), "faces": faces, "box": [round(side, 1) for side in box]}
                    for path, faces, box in zip((first, second), result.faces, result.boxes_xyxy, strict=True)
                ],
            }
        )
        return
    verdict = {True: "The same person", False: "Two people", None: "Can't tell"}[result.same]
    click.echo(
        f"{verdict}: similarity {result.similarity:.2f}, {in_percent(result.sureness)} sure to be the same."
    )
    for path, faces in zip((first, second), result.faces, strict=True):
        if faces > 1 and not quiet:
            click.echo(f"{printable(str(path))}: of {faces} faces the largest was taken.", err=True)
