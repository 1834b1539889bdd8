"""Results as a table for people and as JSON for comparing runs."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

from bench import pages
from bench.store import Result
from formwright.clock import SystemClock


def machine() -> dict[str, Any]:
    """Return where and when the measurement ran."""
    return {
        "date": SystemClock().now().astimezone(UTC).date().isoformat(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
    }


def markdown(
    results: Sequence[Result], served: Mapping[str, Sequence[pages.Figure]], where: dict[str, Any]
) -> str:
    """Return the tables: the store, one a database, then imports and pages side by side."""
    lines = [
        (
            f"{where['date']}, {where['system']}, {where['processors']} processors, "
            f"Python {where['python']}, load average {where['load']} at the end."
        ),
        "",
    ]
    for result in results:
        lines += [
            f"### {result.database} {result.version}, {result.customers:,} customers, {result.follow_ups:,} follow-ups",
            "",
            (
                f"Stored {result.load:,.0f} customers/s in batches, each with history, unique values "
                f"and search entry; native rows alone {result.native_load:,.0f}/s."
            ),
            "",
            "| | what | ours, ms | p95 | native, ms | p95 | ratio | aim |",
            "|---|---|--:|--:|--:|--:|--:|--:|",
        ]
        for figure in result.figures:
            ratio = f"{figure.ratio:.2f}"
            lines.append(
                f"| {figure.name} | {figure.title} | {figure.ours:.2f} | {figure.ours_p95:.2f} "
                f"| {figure.theirs:.2f} | {figure.theirs_p95:.2f} "
                f"| {ratio if figure.ratio <= figure.at_most else f'**{ratio}**'} | {figure.at_most:g} |"
            )
        sizes = ", ".join(f"{name} {size:,.0f}" for name, size in result.sizes.items())
        lines += ["", f"Sizes with indexes, MiB: {sizes}.", ""]
    if served:
        lines += _pages_table(served)
    return "\n".join(lines)


def _pages_table(served: Mapping[str, Sequence[pages.Figure]]) -> list[str]:
    """Return imports and pages, a column a database."""
    lines = [
        "### Import and pages over HTTP, 2 workers of 4 threads",
        "",
        f"| what | unit | {' | '.join(served)} | aim |",
        f"|---|---|{'--:|' * len(served)}--:|",
    ]
    for row in zip(*served.values(), strict=True):
        values = " | ".join(f"{figure.value:,.1f}" for figure in row)
        lines.append(f"| {row[0].what} | {row[0].unit} | {values} | {row[0].wanted} |")
    return [*lines, ""]
