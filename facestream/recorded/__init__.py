"""Recorded videos and photos in, their people out."""
