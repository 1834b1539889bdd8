"""Run the measurement: ``python -m bench [--size 100000] [--database sqlite] [--json FILE] [--markdown FILE]``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import pages
from bench.report import machine, markdown
from bench.store import empty_database, measure

_SIZES = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000}


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "--size",
        default=os.environ.get("SIZE", "100k"),
        help="customers: 10k, 100k, 1m or a number",
    )
    parser.add_argument(
        "--database",
        action="append",
        choices=("sqlite", "postgresql"),
        help="one of them; both by default",
    )
    parser.add_argument(
        "--json", type=Path, default=Path("var/bench.json"), help="where the figures go"
    )
    parser.add_argument(
        "--markdown", type=Path, default=Path("var/bench.md"), help="where the table goes"
    )
    parser.add_argument("--only", choices=("store", "pages"), help="one half; both by default")
    options = parser.parse_args()
    count = _SIZES.get(options.size) or int(options.size)
    databases = options.database or ("sqlite", "postgresql")
    results = [measure(each, count, _say) for each in databases if options.only != "pages"]
    served = {each: _served(each, count) for each in databases if options.only != "store"}
    where = machine()
    for path, content in (
        (
            options.json,
            json.dumps(
                {
                    "machine": where,
                    "results": [result.as_json() for result in results],
                    "pages": {name: [asdict(f) for f in each] for name, each in served.items()},
                },
                indent=1,
            ),
        ),
        (options.markdown, markdown(results, served, where)),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content + "\n", encoding="utf-8")
        _say(f"written to {path}")
    return 0


def _served(database: str, count: int) -> list[pages.Figure]:
    """Measure imports and pages on a fresh database; 100,000 customers at most, as the figures ask."""
    with TemporaryDirectory() as folder, empty_database(database) as url:
        files = pages.make_files(Path(folder), min(count, 100_000))
        return pages.measure(database, url, Path(folder) / "home", files, _say)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
