"""Processes and threads: how they begin, are kept, hang and end."""
