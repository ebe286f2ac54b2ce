"""A collection as a whole: opened, listed, backed up, encrypted."""
