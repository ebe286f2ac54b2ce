"""What happens in a collection, as it happens."""
