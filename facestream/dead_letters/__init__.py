"""What could not be taken in."""
