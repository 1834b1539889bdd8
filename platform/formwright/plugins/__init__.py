"""Plugins: how they are found, what they may add, and what is reported of them."""
