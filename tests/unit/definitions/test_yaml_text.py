"""YAML 1.2 and nothing more, with places; both parsers read the same."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest

from formwright.definitions import yaml_text
from formwright.definitions.places import Source
from formwright.definitions.yaml_text import parse_yaml
from formwright.errors import Problem


def read(text: str, **options: bool) -> tuple[Any, list[Problem]]:
    problems: list[Problem] = []
    found = parse_yaml(Source.of("f.yaml", text), problems, **options)
    return (None if found is None else found[0]), problems


def test_the_fast_parser_is_there() -> None:
    assert yaml_text.CParser is not None


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("yes", "yes"), ("NO", "NO"), ("on", "on"), ("true", True), ("False", False), ("null", None), ("~", None),
        ("12:30", "12:30"), ("2026-01-31", "2026-01-31"), ("010", 10), ("0o17", 15), ("0xFF", 255), ("1_000", "1_000"),
        ("-3", -3), ("+4", 4), ("1.50", Decimal("1.50")), (".5", Decimal("0.5")), ("1e3", Decimal(1000)), ("1.2.0", "1.2.0"),
        ("'1'", "1"), ('"true"', "true"), ("''", ""), ("", None), ("=x", "=x"), ("0b1", "0b1"), ("text: no", {"text": "no"}),
    ],
)  # fmt: skip
def test_plain_scalars_mean_what_yaml_1_2_says(written: str, value: Any) -> None:
    data, problems = read(f"a:\n  {written}\n")
    assert problems == []
    assert data == {"a": value}
    assert type(data["a"]) is type(value)


def test_keys_are_texts_whatever_they_look_like() -> None:
    data, problems = read("on: 1\ntrue: 2\n1.0: 3\n2026-12-24: 4\nnull: 5\n")
    assert (list(data), problems) == (["on", "true", "1.0", "2026-12-24", "null"], [])


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a: 1\nb: &x 2\n", "FW003", 2, 4),
        ("a: 1\nb: *x\n", "FW003", 2, 4),
        ("a: !!str 1\n", "FW003", 1, 4),
        ("a: !local 1\n", "FW003", 1, 4),
        ("a: !!python/object/apply:os.system [id]\n", "FW003", 1, 4),
        ("x: {a: 1}\n<<: {b: 2}\n", "FW003", 2, 1),
        ("&k a: 1\n", "FW003", 1, 1),
        ("%YAML 1.1\n---\na: 1\n", "FW003", 1, 1),
        ("%TAG ! tag:x,2000:\n---\na: 1\n", "FW003", 1, 1),
        ("a: 1\nb: 2\na: 3\n", "FW002", 3, 1),
        ("a: {b: 1, b: 2}\n", "FW002", 1, 11),
        ("a: 1\n---\nb: 2\n", "FW006", 2, 1),
        ("? [a, b]\n: 1\n", "FW007", 1, 3),
        ("? {a: 1}\n: 1\n", "FW007", 1, 3),
        ("a: .nan\n", "FW007", 1, 4),
        ("a: -.inf\n", "FW007", 1, 4),
        ("a: " + "9" * 5000 + "\n", "FW004", 1, 4),
        ("a:\n\tb: 1\n", "FW001", 2, 1),
        ("a: [1, 2\nb: 3\n", "FW001", 2, 2),
        ("a: 'x\n", "FW001", 2, 1),
        ("a: b: c\n", "FW001", 1, 5),
        ("a: }\n", "FW001", 1, 4),
        ("a: @x\n", "FW001", 1, 4),
        ("a: `x`\n", "FW001", 1, 4),
        ("a: |\n  x\n y\n", "FW001", 3, 2),
        ("[" * 50, "FW004", 1, 41),
        ("{a: " * 50, "FW004", 1, 161),
    ],
)  # fmt: skip
def test_what_is_not_allowed_has_its_place(text: str, code: str, line: int, column: int) -> None:
    _, problems = read(text)
    assert [problem.code for problem in problems][:1] == [code]
    assert (problems[0].location.line, problems[0].location.column) == (line, column)


def test_several_problems_of_one_file_are_all_told() -> None:
    _, problems = read("a: &x 1\nb: *x\na: 2\nc: !t 3\n")
    assert [(problem.code, problem.location.line) for problem in problems] == [
        ("FW003", 1), ("FW003", 2), ("FW002", 3), ("FW003", 4),
    ]  # fmt: skip


def test_an_alias_bomb_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40)]
    started = time.process_time()
    _, problems = read("\n".join(lines))
    assert time.process_time() - started < 0.2
    assert {problem.code for problem in problems} == {"FW003"}


@pytest.mark.parametrize(
    "text",
    [
        "[" * 5000,
        "- " * 5000,
        "{" * 20_000,
        "? " * 20_000,
        "a: [" + "1," * 60_000 + "]",
        "\n".join(f"k{n}: {n}" for n in range(60_000)),
        "a: " + '"' * 9001,
        "'" * 99_999,
        "a: " + "!" * 50_000,
        "&a " * 10_000,
        "a: |" + "9" * 1000,
        "- - - - - - - - - - " * 3000,
    ],
    ids=range(12),
)
def test_attacks_end_quickly_with_a_located_problem(text: str) -> None:
    started = time.process_time()
    _, problems = read(text)
    assert (
        time.process_time() - started < 10.0
    )  # of the processor; a reader that blows up takes minutes
    assert problems
    assert all(problem.location.line >= 1 for problem in problems)


SAMPLES = [
    "a: 1\nb: [x, 'y', \"z\\n\", 1.5]\nc: {d: {e: null}, f: [{g: 1}]}\n",
    "text: |\n  one\n  two\nfolded: >-\n  one\n  two\n\nlast: x\n",
    "# comment\na: x # comment\n'quoted key': \"v # no comment\"\n",
    '{"json": [1, {"a": "b"}], \'x\':1}\n',
    "中文: 值\n\"k\": '它''s'\nemoji: 😀\n",
    "- not a map\n",
    "a: http://x.y/z?q=1\nb: x:y\nc: -x\nd: '- x'\n",
    "",
    "---\na: 1\n...\n",
    "a:\n- 1\n- 2\nb:\n  - c: 1\n    d: 2\n",
    "a: !t 1\n",
    "a: &b 1\n",
    "a: [\n",
    "a: 1\na: 2\n",
    'a: "multi\n  line"\nb: plain\n  continued\n',
    "a: 'x\\n'\nb: \"\\u4e2d\\/\"\n",
    "? a\n: b\n? c\n",
    "a: {b, c: 1}\n",
    "a: [b: 1, c]\n",
]


@pytest.mark.parametrize("text", SAMPLES, ids=range(len(SAMPLES)))
def test_both_parsers_read_the_same(text: str) -> None:
    fast: list[Problem] = []
    slow: list[Problem] = []
    source = Source.of("f.yaml", text)
    one, other = parse_yaml(source, fast, fast=True), parse_yaml(source, slow, fast=False)
    assert one == other  # data and every place
    assert [problem.code for problem in fast] == [problem.code for problem in slow]
