#!/bin/sh
# Locks what the images hold, each file by its hash: `sh docker/requirements/lock.sh`. Needs uv, and a look at what
# has changed. Add --upgrade to take the newest of everything.
set -eu
cd "$(dirname "$0")/../.."
folder=docker/requirements
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

compile() {
  name=$1
  shift
  uv pip compile "$@" --quiet --generate-hashes --no-header --no-annotate --python-version 3.13 \
    --python-platform linux --output-file "$folder/$name.txt"
}

# OpenCV without windows, which needs no libGL; one build of ONNX Runtime, as two overwrite each other.
echo "opencv-python ; sys_platform == 'never'" > "$scratch/cpu"
echo "opencv-python-headless>=4.10" > "$scratch/opencv.in"
cp "$scratch/cpu" "$scratch/gpu"
echo "onnxruntime ; sys_platform == 'never'" >> "$scratch/gpu"
printf 'hatchling>=1.25\npip\nsetuptools\n' > "$scratch/build.in"

compile cpu pyproject.toml "$scratch/opencv.in" --override "$scratch/cpu" "$@"
compile gpu pyproject.toml "$scratch/opencv.in" --extra gpu --override "$scratch/gpu" "$@"
compile build "$scratch/build.in" "$@"
