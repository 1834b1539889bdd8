"""Values in SQL: fields, paths through references, arithmetic, choices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    case,
    exists,
    false,
    func,
    or_,
    true,
    type_coerce,
)

from formwright.expressions.checked import Meaning
from formwright.expressions.kinds import MONEY_LIKE, Base, Kind, reference
from formwright.expressions.tree import (
    Arithmetic,
    Call,
    Conditional,
    Member,
    Name,
    Node,
)
from formwright.store.compile_base import (
    Compiling,
    Fixed,
    Item,
    RecordColumns,
    query,
    sortable,
    table_of,
)
from formwright.store.compile_calls import divided
from formwright.store.compile_numbers import (
    exact_number,
)
from formwright.store.compile_terms import CannotCompile, Sql, Term
from formwright.texts import say


def value_of_name(c: Compiling, node: Name, kind: Kind) -> Term:
    """Return what a bare name stands for."""
    match c.checked.meaning_of(node):
        case Meaning.FIELD:
            return value_of_field(c, c.scope.row, node.name, kind)
        case Meaning.SELF:
            return Term(c.scope.row.id, kind)
        case Meaning.PARENT:
            return Term(c.scope.row.value("parent_id"), kind)
        case _:
            return value_of_item(c.scope.item)


def value_of_item(item: Item) -> Term:
    """Return ``item`` itself: a value, or the id of a row."""
    if isinstance(item, Term):
        return item
    if item is None or isinstance(item, Fixed):
        raise CannotCompile(say("there is no item here"))
    return Term(item.id, reference(item.entity))


def value_of_field(c: Compiling, row: RecordColumns, name: str, kind: Kind) -> Term:
    """Return a field of a row; a computed one that is not stored is worked out in its place."""
    definition = row.definition.fields.get(name)
    if definition is not None and definition.compute is not None and not definition.stored:
        found = c.formula(definition.compute, row)
        return replace(found, sql=row.guarded(name, found.sql))
    scale = row.scale(name) if kind.base in MONEY_LIKE else None
    return Term(row.value(name), kind, scale)


def value_of_member(c: Compiling, node: Member, kind: Kind) -> Term:
    """Return a field of a record, or a part of a value."""
    owner = node.owner
    if c.kind(owner).base is Base.OBJECT:
        return part_of(c, owner, node.name, kind)
    row = row_at_hand(c, owner)
    if row is not None:
        return value_of_field(c, row, node.name, kind)
    return follow(c, c.term(owner), node.name, kind)


def row_at_hand(c: Compiling, node: Node) -> RecordColumns | None:
    """Return the row a name stands for, when it is one that the statement goes through anyway."""
    if not isinstance(node, Name):
        return None
    meaning = c.checked.meaning_of(node)
    if meaning is Meaning.SELF:
        return c.scope.row
    item = c.scope.item
    if meaning is Meaning.ITEM and item is not None and not isinstance(item, Term | Fixed):
        return item
    return None


def is_followed(c: Compiling, node: Node) -> bool:
    """Tell whether ``node`` is a stored field of a record that a chain of references leads to."""
    if not isinstance(node, Member) or c.kind(node.owner).base is not Base.REFERENCE:
        return False
    if row_at_hand(c, node.owner) is not None or not _is_chain(node.owner):
        return False
    field = c.columns.record(c.kind(node.owner).entity).definition.fields.get(node.name)
    return field is None or field.compute is None or field.stored


def _is_chain(node: Node) -> bool:
    return isinstance(node, Name) or (isinstance(node, Member) and _is_chain(node.owner))


def through(
    c: Compiling, node: Node, condition: Callable[[Term], ColumnElement[bool]]
) -> ColumnElement[bool]:
    """Return the condition that there is a value at the end of a chain of references, and ``condition`` holds of it.

    EXISTS lets a database start at either end, which it cannot with a value taken from a sub-select.
    """
    if not isinstance(node, Member):
        raise TypeError(node)
    owner, other = node.owner, c.columns.record(c.kind(node.owner).entity)
    held = condition(value_of_field(c, other, node.name, c.kind(node)))

    def found(reference_to: Term) -> ColumnElement[bool]:
        return exists(
            query(
                [table_of(other)], [true()], [other.belongs(), other.id == reference_to.sql, held]
            )
        )

    return through(c, owner, found) if is_followed(c, owner) else found(c.term(owner))


def follow(c: Compiling, owner: Term, name: str, kind: Kind) -> Term:
    """Return a field of the record that ``owner`` refers to."""
    other = c.columns.record(owner.kind.entity)
    inner = value_of_field(c, other, name, kind)
    here = table_of(other)
    found = query([here], [inner.sql], [other.belongs(), other.id == owner.sql]).scalar_subquery()
    sql: Sql = func.coalesce(found, false()) if kind.base is Base.BOOLEAN else found
    errors = owner.errors
    if inner.errors:
        conditions = [other.belongs(), other.id == owner.sql, or_(*inner.errors)]
        errors = (*errors, exists(query([here], [true()], conditions)))
    return Term(sql, kind, inner.scale, errors)


def part_of(c: Compiling, owner: Node, name: str, kind: Kind) -> Term:
    """Return a part of a value with parts: ``address.city``."""
    if isinstance(owner, Name):
        return Term(c.scope.row.value(f"{owner.name}.{name}"), kind)
    if not isinstance(owner, Member):
        raise CannotCompile(say("a database can only work out a single value"))
    row = row_at_hand(c, owner.owner)
    if row is not None:
        return Term(row.value(f"{owner.name}.{name}"), kind)
    reference_term = c.term(owner.owner)
    other = c.columns.record(reference_term.kind.entity)
    conditions = [other.belongs(), other.id == reference_term.sql]
    found = query([table_of(other)], [other.value(f"{owner.name}.{name}")], conditions)
    return Term(found.scalar_subquery(), kind, None, reference_term.errors)


def arithmetic(c: Compiling, node: Arithmetic, kind: Kind) -> Term:
    """Return a sum, product, quotient, or joined texts."""
    left, right = c.term(node.left), c.term(node.right)
    errors = left.errors + right.errors
    if kind.base is Base.TEXT:
        joined = func.coalesce(left.sql, "").concat(func.coalesce(right.sql, ""))
        return Term(type_coerce(joined, Text()), kind, errors=errors)
    if node.operator in "/%":
        divided_term = divided(c, node.operator, left, right, kind)
        return replace(divided_term, errors=errors + divided_term.errors)
    first, second = exact_number(c.numbers, left), exact_number(c.numbers, right)
    return Term(c.numbers.operate(node.operator, first, second), kind, errors=errors)


def choose_value(c: Compiling, node: Conditional, kind: Kind) -> Term:
    """Return one of two values by a condition; errors of the other do not count."""
    condition = c.test(node.condition, loose=False)
    then, otherwise = alike(c, [c.term(node.then), c.term(node.otherwise)], kind)
    errors: list[ColumnElement[bool]] = []
    if condition.may_fail:
        errors.append(condition.sql.is_(None))
    if then.errors or otherwise.errors:
        failing = case(
            (condition.sql, or_(false(), *then.errors)),
            else_=or_(false(), *otherwise.errors),
        )
        errors.append(failing)
    sql = case((condition.sql, then.sql), else_=otherwise.sql)
    return Term(sql, kind, then.scale, tuple(errors))


def alike(c: Compiling, terms: Iterable[Term], kind: Kind) -> list[Term]:
    """Return terms in one form: numbers as exact numbers, unless all have the same scale."""
    found = list(terms)
    if kind.base not in MONEY_LIKE:
        return found
    scales = {term.scale for term in found}
    if len(scales) == 1:
        return found
    return [replace(term, sql=exact_number(c.numbers, term), scale=None) for term in found]


def first_value(c: Compiling, node: Call, kind: Kind) -> Term:
    """Return COALESCE; errors behind the first value do not count."""
    terms = alike(c, [c.term(argument) for argument in node.arguments], kind)
    errors: list[ColumnElement[bool]] = []
    for place, term in enumerate(terms):
        earlier = [before.sql.is_(None) for before in terms[:place]]
        errors.extend(and_(*earlier, error) for error in term.errors)
    sql = func.coalesce(*(term.sql for term in terms)) if len(terms) > 1 else terms[0].sql
    return Term(sql, kind, terms[0].scale, tuple(errors))


def extreme_of(c: Compiling, node: Call, kind: Kind) -> Term:
    """Return the least or greatest of several values, leaving null out."""
    terms = [c.term(argument) for argument in node.arguments]
    errors = tuple(error for term in terms for error in term.errors)
    name = "least" if node.function == "MIN" else "greatest"
    if kind.base in MONEY_LIKE:
        numbers = [exact_number(c.numbers, term) for term in terms]
        return Term(c.numbers.extreme(name, numbers), kind, errors=errors)
    values = [sortable(c, term) for term in terms]
    if c.postgres:
        return Term(getattr(func, name)(*values), kind, errors=errors)
    return Term(_least_of(values, func.min if name == "least" else func.max), kind, errors=errors)


def _least_of(values: Sequence[Sql], choose: Any) -> Sql:
    """Return SQLite's min or max of several, which is null when any is, so that null is left out."""
    found = values[0]
    for value in values[1:]:
        found = func.coalesce(choose(found, value), found, value)
    return found
