"""Bringing a table of somebody else's into an entity: reading, matching, trying out, running, reporting."""
