"""People, their tracks and when they were seen: found, listed and kept in memory."""
