"""The HTTP API and the web page: FastAPI over an open collection. The only importer of FastAPI."""
