"""Reading files: encodings, limits, JSON, and places inside texts."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from formwright.definitions.limits import MAX_BYTES
from formwright.definitions.source import decode, parse, read_file
from formwright.errors import Problem


def test_a_byte_order_mark_and_foreign_line_ends_do_not_matter() -> None:
    problems: list[Problem] = []
    text = decode(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "f.yaml", problems)
    assert text is not None
    found = parse("f.yaml", text, problems)
    assert found is not None
    assert (found.data, problems) == ({"a": 1, "b": 2}, [])
    assert found.place.of_key("b").line == 2


def test_bytes_that_are_no_utf_8_have_their_place() -> None:
    problems: list[Problem] = []
    assert decode("a: 好\nb: ".encode() + "坏".encode("gb18030"), "f.yaml", problems) is None
    assert [
        (problem.code, problem.location.line, problem.location.column) for problem in problems
    ] == [("FW005", 2, 4)]


@pytest.mark.parametrize(
    "character",
    ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\u2066", "\ud800", "\uffff"],
)
def test_characters_nobody_can_see_are_refused(character: str) -> None:
    problems: list[Problem] = []
    assert parse("f.yaml", f"a: 1\nb: x{character}y\n", problems) is None
    assert [
        (problem.code, problem.location.line, problem.location.column) for problem in problems
    ] == [("FW005", 2, 5)]


@pytest.mark.parametrize("name", ["f.yaml", "f.json"])
def test_a_file_beyond_the_limit_is_refused(name: str) -> None:
    problems: list[Problem] = []
    assert parse(name, "# " + "x" * MAX_BYTES, problems) is None
    assert [problem.code for problem in problems] == ["FW004"]


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    problems: list[Problem] = []
    assert read_file(tmp_path / "missing.yaml", "missing.yaml", problems) is None
    assert [(str(problem.location), problem.code) for problem in problems] == [
        ("missing.yaml:1:1", "FW005")
    ]


@pytest.mark.parametrize("text", ["", "\n# nothing\n", "---\n"])
def test_an_empty_file_is_nothing(text: str) -> None:
    problems: list[Problem] = []
    assert parse("f.yaml", text, problems) is None
    assert problems == []


def test_a_file_must_be_a_map() -> None:
    problems: list[Problem] = []
    assert parse("f.yaml", "- a\n", problems) is None
    assert [problem.code for problem in problems] == ["FW006"]


def test_json_has_the_place_of_every_key_and_value() -> None:
    problems: list[Problem] = []
    found = parse("f.json", '{\n  "a": [1, {"b": 2.50}],\n  "c": "x\\u4e2d"\n}', problems)
    assert found is not None
    assert (found.data, problems) == ({"a": [1, {"b": Decimal("2.50")}], "c": "x中"}, [])
    inner = found.place.find(["a", 1])
    assert (str(inner.of_key("b")), str(inner.of_part("b"))) == ("f.json:2:13", "f.json:2:18")


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ('{"a": 1,}', "FW001", 1, 9),
        ('{"a": 1 "b": 2}', "FW001", 1, 9),
        ("{a: 1}", "FW001", 1, 2),
        ("{'a': 1}", "FW001", 1, 2),
        ('{"a": 01}', "FW001", 1, 8),
        ('{"a": NaN}', "FW001", 1, 7),
        ('{"a": tru}', "FW001", 1, 7),
        ('{"a": "x', "FW001", 1, 7),
        ('{"a": "\n"}', "FW001", 1, 8),
        ('{"a": 1} x', "FW001", 1, 10),
        ("// no\n{}", "FW001", 1, 1),
        ('{"a": 1,\n "a": 2}', "FW002", 2, 2),
        ('{"a": ' + "[" * 60, "FW004", 1, 46),
        ('{"a": ' + "1" * 50 + "}", "FW004", 1, 7),
        ('{"a": [' + "1," * 60_000 + "1]}", "FW004", 1, 100_004),
        ("[1]", "FW006", 1, 1),
    ],
)
def test_bad_json_has_its_place(text: str, code: str, line: int, column: int) -> None:
    problems: list[Problem] = []
    parse("f.json", text, problems)
    assert [
        (problem.code, problem.location.line, problem.location.column) for problem in problems
    ] == [(code, line, column)]


@pytest.mark.parametrize(
    ("written", "line", "column"),
    [
        ("a: one two", 1, 8),
        ("a: 'one two'", 1, 9),
        ('a: "one two"', 1, 9),
        ("a: |\n  one two", 2, 7),
        ("a: >-\n  one\n  two", 1, 4),
        ('a: "one\\x20two"', 1, 4),
    ],
)
def test_a_place_inside_a_text_is_exact_where_the_text_is_written_as_it_reads(
    written: str, line: int, column: int
) -> None:
    problems: list[Problem] = []
    found = parse("f.yaml", written, problems)
    assert found is not None
    place = found.place.parts["a"].inside(str(found.data["a"]), 4)
    assert (place.line, place.column) == (line, column)


def test_a_place_in_the_third_line_of_a_block_is_exact() -> None:
    problems: list[Problem] = []
    found = parse("f.yaml", "a:\n  b: |\n    one\n    two\n    three four\n", problems)
    assert found is not None
    value = found.data["a"]["b"]
    place = found.place.find(["a", "b"]).inside(value, value.index("four"))
    assert (place.line, place.column) == (5, 11)
