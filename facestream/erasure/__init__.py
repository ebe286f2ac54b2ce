"""Forgetting people, and erasing what was found."""
