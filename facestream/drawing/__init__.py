"""Parts of the picture of a clustering."""
