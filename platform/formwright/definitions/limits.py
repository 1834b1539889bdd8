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
#: Problems of one file that are told; more help nobody.
MAX_PROBLEMS = 500
#: Wrong names for which the nearest right one is looked for: it takes time, and the first ones show the way.
MAX_HINTS = 100
#: Characters of a key.
MAX_KEY = 63
