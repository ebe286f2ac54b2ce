"""What the HTTP API answers, one noun per module."""
