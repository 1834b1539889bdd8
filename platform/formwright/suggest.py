"""The nearest right name for a wrong one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def closest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate nearest to ``name``, or None when none is near.

    Case is ignored, since most wrong names in a YAML file are a capital letter away.

    >>> closest("Staus", ["status", "summary"])
    'status'
    >>> closest("colour", ["status", "summary"]) is None
    True
    """
    by_folded = {candidate.casefold(): candidate for candidate in candidates}
    near = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[near[0]] if near else None
