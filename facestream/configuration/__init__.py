"""How facestream is set up: settings, their file and their options."""
