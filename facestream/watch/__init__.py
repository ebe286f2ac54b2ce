"""Cameras in, people out, for as long as somebody watches."""
