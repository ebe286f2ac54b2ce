"""What `facestream doctor` looks at."""
