"""The generic store: the only package that writes SQL; it takes a database and knows no HTTP."""
