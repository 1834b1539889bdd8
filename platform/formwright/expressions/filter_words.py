"""The words of filter objects, for writing and for reading them."""

from __future__ import annotations

import re

GROUPS = {"all": "&&", "any": "||", "none": "||"}
COMPARISONS = {"eq": "==", "ne": "!=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
TEXT_CALLS = {
    "contains": "CONTAINS",
    "starts_with": "STARTSWITH",
    "ends_with": "ENDSWITH",
    "matches": "MATCHES",
}
#: Texts that mean a value of the moment, not themselves; {text: me} is the text.
MEANT = re.compile(
    r"(?:me|today|now|this)|(?:me|this|settings|old|parent|params)(?:\.[a-z_][a-z0-9_]*)+"
)
UNITS = ("year", "month", "week", "day", "hour", "minute", "second")
