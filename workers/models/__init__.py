"""Model packs, their manifests, face detectors and face embedders."""

import os

# From 1.29 on, the wheels of ONNX Runtime send events about sessions and models to Microsoft unless this is
# set when they are imported. Nothing of a program that looks at faces may leave the machine unasked.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
