"""Tracks to people: pure, without input or output."""
