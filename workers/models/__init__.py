"""Model packs, their manifests, face detectors and face embedders."""
