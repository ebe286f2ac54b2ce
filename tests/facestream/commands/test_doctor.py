"""facestream doctor: what is sound, what is broken, with its mend, and how quick it is here."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from command_runs import Cli, Done, wait_until

pytestmark = pytest.mark.e2e

# What it looks at where everything is sound, in the order of the list.
CHECKS = [
    "facestream",
    "Python",
    "system",
    "NumPy",
    "OpenCV",
    "ONNX Runtime",
    "ONNX",
    "PyAV",
    "redis-py",
    "other packages",
    "clashes",
    "models open",
    "provider",
    "decoders",
    "embedded server",
    "collection",
    "processors",
    "memory",
    "data folder",
    "model cache",
]


@pytest.fixture(scope="session")
def environment(environment: dict[str, str]) -> dict[str, str]:
    """Without settings: to read them takes pydantic, which some of these tests break."""
    return {name: value for name, value in environment.items() if "RETENTION" not in name}


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder whose packages come before the installed ones."""
    folder = tmp_path / "packages"
    folder.mkdir()
    return folder


def with_first(folder: Path) -> str:
    return os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])


def by_name(done: Done) -> dict[str, dict[str, Any]]:
    """Findings by their names, each of which must occur once."""
    findings = done.json()["findings"]
    names = [finding["name"] for finding in findings]
    assert sorted(names) == sorted(set(names))
    return {finding["name"]: finding for finding in findings}


def check_that_nothing_is_left(temporary: Path) -> None:
    """Neither files of ours in a folder, nor processes that were started for it."""
    assert list(temporary.glob("facestream-*")) == []
    for process in psutil.process_iter(["cmdline"]):
        assert not any(str(temporary) in word for word in process.info["cmdline"] or [])


@dataclass(frozen=True)
class Whole:
    """All of it, the speed test included."""

    cli: Cli
    video: Path
    done: Done
    temporary: Path


def short_demo(cli: Cli, media: Path) -> Path:
    """A short video where the demo's would lie: taken as it is, and looked at again and again."""
    video = cli.data_dir / "demo" / "demo-1.mp4"
    video.parent.mkdir(parents=True)
    return Path(shutil.copy(media / "duo.mp4", video))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str], media: Path) -> Whole:
    cli = Cli(tmp_path_factory.mktemp("fs") / "data", environment)
    video, temporary = short_demo(cli, media), tmp_path_factory.mktemp("t")
    return Whole(cli, video, cli("doctor", "--json", TMPDIR=str(temporary)), temporary)


def test_everything_is_looked_at_and_nothing_failed(whole: Whole) -> None:
    findings = by_name(whole.done)

    assert list(findings) == [*CHECKS, "speed"]
    assert whole.done.json()["ok"] is True
    for finding in findings.values():
        assert set(finding) == {"name", "status", "detail", "mend"}
        assert finding["detail"]
        assert finding["status"] in ("ok", "warning")
        assert (finding["mend"] is None) == (finding["status"] == "ok")


def test_the_models_are_named_with_their_terms_and_what_they_run_on(whole: Whole) -> None:
    findings = by_name(whole.done)

    assert "CenterFace + dlib ResNet-29" in findings["models open"]["detail"]
    assert "licence MIT AND CC0-1.0, commercial use allowed" in findings["models open"]["detail"]
    assert "run on CPUExecutionProvider" in findings["provider"]["detail"]


def test_the_server_is_the_one_of_the_data_folder(whole: Whole) -> None:
    detail = by_name(whole.done)["embedded server"]["detail"]

    assert str(whole.cli.data_dir) in detail
    assert "valkey-server" in detail or "redis-server" in detail
    assert "append-only file" in detail


def test_the_speed_is_measured_on_the_real_path(whole: Whole) -> None:
    speed = whole.done.json()["speed"]

    assert speed["frames"] >= 5
    assert speed["seconds"] >= 5
    assert speed["frames_per_s"] == pytest.approx(speed["frames"] / speed["seconds"], rel=0.01)
    assert speed["videos_in_real_time"] == pytest.approx(speed["frames_per_s"] / 5, rel=0.01)
    assert (speed["width_px"], speed["height_px"]) == (640, 360)
    assert f"{speed['frames_per_s']:.1f} frames/s at 640x360" in by_name(whole.done)["speed"]["detail"]


def test_the_speed_test_leaves_nothing_behind(whole: Whole) -> None:
    check_that_nothing_is_left(whole.temporary)
    assert whole.cli.records() == {}
    assert list(whole.video.parent.iterdir()) == [whole.video]


def test_progress_goes_to_standard_error(whole: Whole) -> None:
    assert "measuring the speed" in whole.done.stderr


def test_ctrl_c_in_the_speed_test_leaves_nothing_behind(cli: Cli, media: Path, tmp_path: Path) -> None:
    short_demo(cli, media)
    started = cli.start("doctor", "--json", TMPDIR=str(tmp_path))

    def has_begun() -> bool:
        assert started.process.poll() is None, started.stderr
        logs = tmp_path.glob("facestream-*/redis/appendonlydir/*.incr.aof")
        return any(b"model_id" in log.read_bytes() for log in logs)

    wait_until(has_begun, "the run of the speed test")

    done = started.interrupt()

    assert done.code == 130
    assert "Traceback" not in done.stderr
    assert done.json()["speed"] is None
    assert by_name(done)["speed"]["detail"] == "not measured: interrupted"
    check_that_nothing_is_left(tmp_path)


# What is broken


def test_broken_wheels_fail_with_their_mend_and_all_else_goes_on(cli: Cli, packages: Path) -> None:
    (packages / "cv2.py").write_text(
        'raise ImportError("libGL.so.1: cannot open shared object file: No such file or directory")\n'
    )
    (packages / "av.py").write_text("import os\nos.abort()\n")
    (packages / "redis.py").write_text('raise RuntimeError("out of cheese")\n')

    done = cli("doctor", "--json", code=1, PYTHONPATH=with_first(packages))

    findings = by_name(done)
    assert done.json()["ok"] is False
    assert [name for name, f in findings.items() if f["status"] == "failed"] == ["OpenCV", "PyAV", "redis-py"]
    assert "libGL.so.1" in findings["OpenCV"]["detail"]
    assert findings["OpenCV"]["mend"] == "On Debian and Ubuntu: apt install libgl1 libglib2.0-0"
    assert "crashes Python (SIGABRT)" in findings["PyAV"]["detail"]
    assert "pip install --upgrade --force-reinstall 'av>=" in findings["PyAV"]["mend"]
    assert "RuntimeError: out of cheese" in findings["redis-py"]["detail"]
    for name, needs in (
        ("models", "cv2, redis"),
        ("decoders", "av"),
        ("embedded server", "redis"),
        ("speed", "cv2, redis, av"),
    ):
        assert findings[name]["status"] == "warning"
        assert f"not checked: needs {needs}, which" in findings[name]["detail"]
    for name in ("NumPy", "ONNX Runtime", "clashes", "processors", "memory", "data folder", "model cache"):
        assert findings[name]["status"] != "failed"
    assert done.json()["speed"] is None
    assert "measuring the speed" not in done.stderr


def test_not_even_numpy_is_needed(cli: Cli, packages: Path) -> None:
    for module in ("numpy", "psutil", "pydantic", "PIL"):
        (packages / f"{module}.py").write_text('raise ImportError("broken")\n')

    done = cli("doctor", "--no-speed-test", "--json", code=1, PYTHONPATH=with_first(packages))

    findings = by_name(done)
    for name in ("NumPy", "psutil", "pydantic", "pillow"):
        assert findings[name]["status"] == "failed"
        assert "ImportError: broken" in findings[name]["detail"]
        assert findings[name]["mend"]
    assert "not checked: needs psutil" in findings["memory"]["detail"]
    assert findings["clashes"]["status"] == "ok"
    assert findings["processors"]["status"] != "failed"


def test_clashing_wheels_are_warnings_with_their_mend(cli: Cli, packages: Path) -> None:
    for name in ("onnxruntime-gpu", "opencv-python-headless", "celery-workers"):
        info = packages / f"{name.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (packages / "celery_workers-1.0.dist-info" / "top_level.txt").write_text("workers\n")

    done = cli("doctor", "--no-speed-test", "--quiet", PYTHONPATH=with_first(packages))

    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert [line.split("  ")[0] for line in lines].count("ok") >= len(CHECKS) - 4
    for start, mend in (
        ("clash: ONNX Runtime", "pip uninstall -y onnxruntime onnxruntime-gpu && pip install onnxruntime"),
        ("clash: OpenCV", "pip uninstall -y opencv-python opencv-python-headless && pip install opencv"),
        ("clash: workers", "pip uninstall -y celery-workers"),
    ):
        (number,) = (n for n, line in enumerate(lines) if line.startswith(f"warning  {start}"))
        assert lines[number + 1].strip().startswith("mend: ")
        assert mend in lines[number + 1]
    assert lines[-1].startswith("facestream works; ")


def test_a_foreign_package_in_the_place_of_ours_is_no_crash(cli: Cli, packages: Path) -> None:
    (packages / "storage").mkdir()
    (packages / "storage" / "__init__.py").write_text("raise SystemExit('not yours')\n")

    done = cli("doctor", "--json", code=1, PYTHONPATH=with_first(packages))

    findings = by_name(done)
    assert findings["clash: storage"]["status"] == "failed"
    assert str(packages / "storage") in findings["clash: storage"]["detail"]
    assert "not checked: needs storage" in findings["embedded server"]["detail"]
    assert findings["decoders"]["status"] == "ok"
    assert findings["model cache"]["status"] != "failed"


def test_a_fault_within_a_check_costs_the_others_nothing_and_debug_shows_where(
    cli: Cli, packages: Path
) -> None:
    # It can be imported, and then lacks what is needed of it.
    (packages / "psutil.py").write_text("")

    done = cli.start("doctor", "--no-speed-test", "--json", "--debug", PYTHONPATH=with_first(packages)).end()

    findings = by_name(done)
    assert done.code == 1
    assert [name for name, f in findings.items() if f["status"] == "failed"] == ["memory"]
    assert "AttributeError" in findings["memory"]["detail"]
    assert "--debug" in findings["memory"]["mend"]
    assert findings["data folder"]["status"] != "failed"
    assert "Traceback" in done.stderr


# A server of one's own


def test_a_server_that_is_not_there_fails_alone_and_without_its_password(cli: Cli) -> None:
    url = "redis://worker:S3cretWord@127.0.0.1:1/0"

    done = cli("doctor", "--no-speed-test", "--json", "-vv", code=1, FACESTREAM_REDIS=url)

    findings = by_name(done)
    assert [name for name, f in findings.items() if f["status"] == "failed"] == ["Redis"]
    assert "redis://worker:***@127.0.0.1:1/0" in findings["Redis"]["detail"]
    assert "FACESTREAM_REDIS" in findings["Redis"]["mend"]
    assert "S3cret" not in done.said
    assert "embedded server" not in findings
