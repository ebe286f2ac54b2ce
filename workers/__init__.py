"""Faces out of frames and people out of faces."""
