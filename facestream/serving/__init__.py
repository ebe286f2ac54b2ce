"""What `serve` is put together of."""
