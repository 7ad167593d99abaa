"""Benchmarks: long, loaded and written down; the tests of `make test` are elsewhere."""
