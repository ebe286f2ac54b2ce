"""Who is like a face, and who is like whom."""
