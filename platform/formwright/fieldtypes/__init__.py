"""Field types: one class a type; each converts, none knows SQL or HTML."""
