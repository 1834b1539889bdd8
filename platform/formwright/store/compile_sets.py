"""Sets of rows in SQL: subforms, backlinks, references, the values of lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    and_,
    exists,
    or_,
    true,
)

from formwright.expressions.checked import Meaning
from formwright.expressions.kinds import MONEY_LIKE, NUMBER, Base, Kind
from formwright.expressions.tree import (
    Call,
    Member,
    Name,
    Node,
)
from formwright.store.compile_base import (
    MANY,
    Compiling,
    RecordColumns,
    Rows,
    query,
    table_of,
    unless,
)
from formwright.store.compile_terms import CannotCompile, Condition, Sql, Term, collated
from formwright.store.compile_values import follow, row_at_hand, value_of_field
from formwright.texts import say


def set_of(c: Compiling, node: Node) -> Rows:
    """Return what a macro goes through as a table with conditions."""
    match node:
        case Call(function="FILTER"):
            members = set_of(c, node.arguments[0])
            test = c.inside(members.item).test(node.arguments[1], loose=False)
            conditions = (*members.conditions, test.sql)
            tests = (*members.tests, test) if test.may_fail else members.tests
            return replace(members, conditions=conditions, tests=tests)
        case Name() if c.checked.meaning_of(node) is Meaning.FIELD:
            return set_of_field(c, c.scope.row, node.name, c.kind(node))
        case Member() if c.kind(node.owner).base in MANY:
            members = set_of(c, node.owner)
            item_kind = c.kind(node).of or NUMBER
            return replace(members, item=field_of_item(c, members.item, node.name, item_kind))
        case Member():
            row = row_at_hand(c, node.owner)
            if row is not None:
                return set_of_field(c, row, node.name, c.kind(node))
            return set_behind(c, c.term(node.owner), node.name, c.kind(node))
        case _:
            raise CannotCompile(say("a database can only go through the rows or values of a field"))


def field_of_item(c: Compiling, item: RecordColumns | Term, name: str, kind: Kind) -> Term:
    """Return a field of what a set goes through."""
    if isinstance(item, Term):
        return follow(c, item, name, kind)
    return value_of_field(c, item, name, kind)


def set_behind(c: Compiling, owner: Term, name: str, kind: Kind) -> Rows:
    """Return the rows of a record that a reference leads to."""
    other = c.columns.record(owner.kind.entity)
    members = set_of_field(c, other, name, kind)
    return replace(
        members,
        tables=(table_of(other), *members.tables),
        conditions=(other.belongs(), other.id == owner.sql, *members.conditions),
    )


def set_of_field(c: Compiling, row: RecordColumns, name: str, kind: Kind) -> Rows:
    """Return the rows or values of a field of ``row``."""
    definition = row.definition.fields[name]
    if kind.base is Base.LIST:
        items = row.items(name)
        return Rows((items,), (), item_value(c, items, kind.of or NUMBER))
    other = c.columns.record(kind.entity)
    if definition.is_subform:
        belongs = other.value("parent_id") == row.id
    elif definition.type.virtual:
        belongs = refers_back(other, definition.via, row)
    else:
        listed = row.items(name)
        belongs = other.id.in_(query([listed], [listed.c.value], []))
    return Rows((table_of(other),), (other.belongs(), belongs, *row.reach(name)), other)


def held_in(c: Compiling, node: Node, target: Sql) -> ColumnElement[bool] | None:
    """Return the condition that the list of references ``node`` holds a known record; None for any other set.

    Asked for from the side of that record, so that its index is read once and not the list of each row.
    """
    kind = c.kind(node)
    if kind.base is not Base.RECORDS or not isinstance(node, Name | Member):
        return None
    behind: list[ColumnElement[bool]] = []
    if isinstance(node, Name):
        row = c.scope.row if c.checked.meaning_of(node) is Meaning.FIELD else None
    else:
        row = row_at_hand(c, node.owner)
        if row is None and c.kind(node.owner).base is Base.REFERENCE:
            owner = c.term(node.owner)
            row = c.columns.record(owner.kind.entity)
            behind = [row.belongs(), row.id == owner.sql]
    definition = None if row is None else row.definition.fields.get(node.name)
    if row is None or definition is None or definition.is_subform or definition.type.virtual:
        return None
    held = [*behind, *row.reach(node.name), row.refers(node.name, target)]
    other = c.columns.record(kind.entity)
    there = exists(query([table_of(other)], [true()], [other.belongs(), other.id == target]))
    if behind:
        return and_(there, exists(query([table_of(row)], [true()], held)))
    return and_(there, *held)


def refers_back(other: RecordColumns, via: str, row: RecordColumns) -> ColumnElement[bool]:
    """Return the condition that the field ``via`` of ``other`` refers to ``row``."""
    field = other.definition.fields[via]
    if field.kind.base is Base.REFERENCE:
        return other.value(via) == row.id
    listed = other.items(via)
    return exists(query([listed], [true()], [listed.c.value == row.id]))


def item_value(c: Compiling, items: FromClause, kind: Kind) -> Term:
    """Return the value of a list's item; a text taken from a document compares by code point, too."""
    value: Sql = items.c.value
    if c.postgres and kind.base is Base.TEXT:
        value = collated(value, "C")
    return Term(value, kind, 0 if kind.base in MONEY_LIKE else None)


def select_from(members: Rows, *what: Sql) -> Any:
    """Return a sub-select over a set."""
    return query(members.tables, what, members.conditions)


def exists_in(members: Rows, condition: ColumnElement[bool] | None = None) -> ColumnElement[bool]:
    """Return the condition that the set has a row, or one for which ``condition`` holds."""
    found = select_from(members, true())
    return exists(found if condition is None else found.where(condition))


def failures_of(members: Rows, terms: Iterable[Term] = ()) -> ColumnElement[bool] | None:
    """Return the condition that going through the set meets an error, or None when it cannot."""
    found = [error for term in terms for error in term.errors]
    conditions: list[ColumnElement[bool]] = [exists_in(members, or_(*found))] if found else []
    for test in members.tests:
        others = tuple(each for each in members.conditions if each is not test.sql)
        conditions.append(exists_in(replace(members, conditions=others), test.sql.is_(None)))
    return or_(*conditions) if conditions else None


def any_item(c: Compiling, node: Node) -> Condition:
    """Return the condition that a list or set is not empty."""
    members = set_of(c, node)
    failing = failures_of(members)
    found = exists_in(members)
    return Condition(found) if failing is None else Condition(unless(failing, found), may_fail=True)
