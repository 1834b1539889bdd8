"""The fixed tables, step by step; every step works both ways on both databases."""
