"""Definitions: YAML to frozen objects; reads files, knows no database and no HTTP."""
