"""Redis: record types and their bytes, key names, queues, the identity store and the embedded server."""
