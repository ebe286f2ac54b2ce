"""Connections to where somebody else wants them: what may be reached, and requests there."""
