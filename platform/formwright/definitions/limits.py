"""How large a definition file may be; a file beyond a limit is refused before it is built."""

from __future__ import annotations

#: Bytes of one file.
MAX_BYTES = 1 << 20
#: Levels of maps and lists.
MAX_DEPTH = 40
#: Maps, lists and scalars of one file.
MAX_NODES = 50_000
#: Characters of a number.
MAX_NUMBER = 40
#: Characters of a key.
MAX_KEY = 63
