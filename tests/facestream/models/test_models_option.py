"""A pack of whose files not all is known, or that can't be used: what is told of it, and where."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from command_runs import Cli
from other_pack import other_pack

from facestream.checkup.models import check_models
from workers.models.manifest import FILE_NAME

ASSUMED = "means.onnx: taken for an embedder like ArcFace."


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return other_pack(
        tmp_path / "turned",
        ('name = "turned"', f'name = "turned"\nassumed = ["{ASSUMED}"]'),
        ('spdx = "MIT AND CC0-1.0"', 'spdx = "NOASSERTION"'),
        ("commercial_use = false", 'commercial_use = "unknown"'),
    )


@pytest.mark.e2e
def test_a_run_tells_what_was_assumed_and_under_which_terms(
    cli: Cli, pack: Path, media: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    photo = next(path for path in sorted((media / "photos").iterdir()) if path.suffix == ".jpg")
    done = cli("run", photo, "--models", pack, "--report", page)
    assert ASSUMED in done.stderr
    assert (
        "models turned (CenterFace + dlib ResNet-29), licence unknown, commercial use unknown" in done.stderr
    )
    assert "turned (licence unknown, commercial use unknown)" in page.read_text()
    stats = cli("collections", "stats", "default", "--json").json()
    assert (stats["pack"], stats["licence"], stats["commercial_use"]) == ("turned", "unknown", None)


def test_the_doctor_looks_at_a_folder_as_well(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache_dir: Path
) -> None:
    monkeypatch.setenv("FACESTREAM_CACHE_DIR", str(cache_dir))
    found = {finding.name: finding for finding in check_models(str(pack))}
    assert set(found) == {"models open", "models turned", "provider"}
    assert "licence unknown, commercial use unknown" in found["models turned"].detail
    assert found["models turned"].detail.endswith(f"\n{ASSUMED}")
    assert "models turned run on" in found["provider"].detail


def test_the_doctor_says_what_is_wrong_with_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache_dir: Path
) -> None:
    monkeypatch.setenv("FACESTREAM_CACHE_DIR", str(cache_dir))
    found = {finding.name: finding for finding in check_models(str(tmp_path))}
    assert found[f"models {tmp_path}"].status == "failed"
    assert "no manifest.toml and no ONNX files" in found[f"models {tmp_path}"].detail
    assert "`facestream models` lists them" in found[f"models {tmp_path}"].mend


def missing(folder: Path) -> str:
    shutil.rmtree(folder)
    return "there is no such folder"


def with_unknown_key(folder: Path) -> str:
    file = folder / FILE_NAME
    file.write_text(f"tilte = 'mine'\n{file.read_text()}")
    return "tilte"


def with_cut_file(folder: Path) -> str:
    """Of the files that were written for the manifest, one is shorter now."""
    file = folder / FILE_NAME
    (folder / "extra.onnx").write_bytes(b"model")
    sums = f'[sha256]\n"extra.onnx" = "{"0a" * 32}"\n[[build]]'
    file.write_text(file.read_text().replace("[[build]]", sums, 1))
    return "extra.onnx: damaged or exchanged"


@pytest.mark.e2e
@pytest.mark.parametrize("spoil", [missing, with_unknown_key, with_cut_file])
def test_the_doctor_command_tells_all_else_beside_a_pack_that_can_t_be_used(
    cli: Cli, pack: Path, spoil: Callable[[Path], str]
) -> None:
    said = spoil(pack)
    done = cli("doctor", "--no-speed-test", "--json", "--models", pack, code=1)
    findings = {finding["name"]: finding for finding in done.json()["findings"]}
    assert done.json()["ok"] is False
    assert [name for name, each in findings.items() if each["status"] == "failed"] == [f"models {pack}"]
    assert said in findings[f"models {pack}"]["detail"]
    assert findings[f"models {pack}"]["mend"]
    assert findings["models open"]["status"] == "ok"
    assert {"decoders", "memory", "model cache"} <= set(findings)


@pytest.mark.e2e
def test_the_doctor_command_tells_it_in_words_as_well(cli: Cli, pack: Path) -> None:
    said = with_unknown_key(pack)
    done = cli("doctor", "--models", pack, code=1)
    failed = done.stdout.partition(f"FAILED   models {pack}")[2]
    assert said in failed
    assert f"mend: Correct {pack / FILE_NAME}" in failed
    assert "not measured: the models don't work" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("1 FAILED: ")
