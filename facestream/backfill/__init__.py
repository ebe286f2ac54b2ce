"""Archives of videos in, over several processes."""
