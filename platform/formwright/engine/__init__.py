"""What the platform does, without HTTP: the one write path, lists, rights, imports."""
