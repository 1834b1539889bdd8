"""Formwright: business applications out of definitions that people can read."""

__version__ = "0.1.0"
