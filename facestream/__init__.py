"""facestream: streaming video face clustering."""
