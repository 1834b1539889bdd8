"""Instants as people say them."""

from __future__ import annotations

from datetime import datetime, timedelta

from babel.dates import format_date, format_datetime, format_timedelta

from formwright.texts import Reader, say

_RECENT = timedelta(days=7)


def when(instant: datetime, now: datetime, reader: Reader) -> str:
    """Return how long ago something was, or its day when that is longer than a week."""
    ago = now - instant
    if ago < timedelta(minutes=1):
        return say("just now").in_language(reader.language)
    if ago < _RECENT:
        return str(
            format_timedelta(
                -ago, granularity="minute", threshold=1.2, add_direction=True, locale=reader.locale
            )
        )
    return str(format_date(instant.astimezone(reader.zone), "medium", reader.locale))


def exact(instant: datetime, reader: Reader) -> str:
    """Return the whole date and time in the reader's zone."""
    return str(format_datetime(instant, "medium", reader.zone, reader.locale))


def iso(instant: datetime) -> str:
    """Return the instant as the ``datetime`` attribute wants it."""
    return instant.isoformat(timespec="seconds")
