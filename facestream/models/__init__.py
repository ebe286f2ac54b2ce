"""Model packs as people choose them, and the change from one to another."""
