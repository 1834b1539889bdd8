"""An import that is stopped and started again."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from formwright.cli.instance import acting, open_instance
from formwright.engine.imports import running
from formwright.engine.imports.job import ImportOptions
from formwright.engine.imports.report import Counts
from formwright.settings import load


class Stopped(Exception):
    """Somebody pulled the plug."""


def table(path: Path, rows: int) -> Path:
    """Write customers, every 5th with a bad phone, every 7th with the phone of the first row."""
    lines = ["name,phone,email,更新日期"]
    for number in range(rows):
        phone = "123" if number % 5 == 4 else f"{13900000000 + (0 if number % 7 == 3 else number)}"
        lines.append(f"客户{number},{phone},c{number}@example.com,2024-01-{number % 28 + 1:02}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def stop_after(batches: int):
    done = 0

    def advance(_part: float, _counts: Counts) -> None:
        nonlocal done
        done += 1
        if done == batches:
            raise Stopped

    return advance


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("match_on", [(), ("phone",)])
def test_stopping_leaves_whole_batches_and_going_on_doubles_nothing(
    shell_of_each, tmp_path: Path, match_on: tuple[str, ...]
) -> None:
    whole, parts = table(tmp_path / "whole.csv", 100), table(tmp_path / "parts.csv", 100)
    parts.write_text(
        parts.read_text("utf-8").replace("name,", "customer name,"), encoding="utf-8"
    )  # another file
    settings = load(shell_of_each.environment())
    with open_instance(settings) as runtime:
        actor = acting(runtime, "")
        options = ImportOptions(batch=10, match_on=match_on)
        with pytest.raises(Stopped):
            running.run(runtime, actor, "crm.customer", parts, options, advance=stop_after(3))
        before = count(shell_of_each)
        assert 0 < before < 60
        report = running.run(runtime, actor, "crm.customer", parts, options)
        assert report.resumed
        assert report.counts.rows == 100
        assert count(shell_of_each) == report.counts.created
    first = rows_of(tmp_path / "parts.csv.errors.csv")
    assert len({row[0] for row in first}) == len(first)  # no row is given back twice
    assert report.counts.bad == len(first) - 1
    expected = in_one_go(shell_of_each, whole, match_on)
    assert report.counts.as_json() == expected


def count(shell) -> int:
    return len(shell("export", "customer", "--format", "jsonl", "--fields", "id").splitlines())


def in_one_go(shell, path: Path, match_on: tuple[str, ...]) -> dict[str, int]:
    """Return the counts of the same table on an instance of its own that nobody stops."""
    other = type(shell)(shell.home.with_name("other"), f"sqlite:///{path.with_suffix('.db')}")
    other("init")
    other("install", "crm")
    arguments = [part for name in match_on for part in ("--match-on", name)]
    found: dict[str, int] = json.loads(
        other("import", "customer", path, "--json", *arguments, code=1)
    )["counts"]
    return found
