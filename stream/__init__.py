"""Video and photos in: sources, decoding, sampling and frame buffers."""
