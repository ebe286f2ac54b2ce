"""What people decide about people."""
