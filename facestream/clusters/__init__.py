"""Grouping: the algorithms to choose from, and what a re-cluster did."""
