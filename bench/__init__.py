"""Measures the store beside native tables with the same rows in the same database."""
