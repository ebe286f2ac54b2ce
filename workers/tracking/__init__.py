"""Detections joined to tracks: one face followed through one shot."""
