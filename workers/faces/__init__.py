"""Faces cut out, aligned and judged."""
