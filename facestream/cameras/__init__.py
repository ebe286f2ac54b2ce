"""The cameras of a collection: added, shown, reached and told of."""
