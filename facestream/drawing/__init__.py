"""Figures, and the parts of the picture of a clustering."""
