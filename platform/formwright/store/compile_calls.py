"""The SQL forms of ordinary functions, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from sqlalchemy import Integer, Text, and_, case, false, func, literal, or_

from formwright.expressions.kinds import Base, Kind
from formwright.expressions.text_functions import BLANKS
from formwright.store.compile_dates import Moments
from formwright.store.compile_numbers import Numbers, exact_number
from formwright.store.compile_terms import Sql, Term, collated

#: Longest count of characters or workdays that means anything.
_MANY = 1_000_000
_FAR = 400_000_000_000
_ZERO = Decimal(0)
_DAY_UNITS = frozenset({"year", "quarter", "month", "week", "day"})


class Sheet(Protocol):
    """What a form needs of the compiler: the dialect, its arithmetic and calendar, the reader's zone."""

    postgres: bool
    numbers: Numbers
    moments: Moments
    zone: str


Form = Callable[[Sheet, Sequence[Term], Sequence[str], Kind], Term]


def _text(sql: Sql, kind: Kind) -> Term:
    return Term(sql, kind)


def _count(sql: Sql, kind: Kind) -> Term:
    return Term(sql, kind, scale=0)


def day_of(sheet: Sheet, term: Term) -> Sql:
    """Return the day of a moment, in the reader's zone."""
    return term.sql if term.kind.base is Base.DATE else sheet.moments.day(term.sql, sheet.zone)


def start_of(sheet: Sheet, term: Term) -> Sql:
    """Return the instant at which a moment begins."""
    return sheet.moments.start(term.sql, sheet.zone) if term.kind.base is Base.DATE else term.sql


# -- text -----------------------------------------------------------------------------------------------------


def _len(_sheet: Sheet, terms: Sequence[Term], _words: Sequence[str], kind: Kind) -> Term:
    return _count(func.length(terms[0].sql, type_=Integer()), kind)


def _letters(name: str) -> Form:
    def form(sheet: Sheet, terms: Sequence[Term], _words: Sequence[str], kind: Kind) -> Term:
        if not sheet.postgres:
            return _text(getattr(func, f"fw_{name}")(terms[0].sql, type_=Text()), kind)
        changed = getattr(func, name)(collated(terms[0].sql, "und-x-icu"), type_=Text())
        return _text(changed.collate("C"), kind)

    return form


def _trim(sheet: Sheet, terms: Sequence[Term], _words: Sequence[str], kind: Kind) -> Term:
    trim = func.btrim if sheet.postgres else func.trim
    return _text(trim(terms[0].sql, BLANKS, type_=Text()), kind)


def _left(sheet: Sheet, terms: Sequence[Term], _words: Sequence[str], kind: Kind) -> Term:
    return _text(_cut(sheet, "left", terms), kind)


def _right(sheet: Sheet, terms: Sequence[Term], _words: Sequence[str], kind: Kind) -> Term:
    return _text(_cut(sheet, "right", terms), kind)


def _cut(sheet: Sheet, name: str, terms: Sequence[Term]) -> Sql:
    count = sheet.numbers.whole(exact_number(sheet.numbers, terms[1]), _MANY)
    if not sheet.postgres:
        return getattr(func, f"fw_{name}")(terms[0].sql, count, type_=Text())  # type: ignore[no-any-return] # func makes it
    positive = case((count.is_not(None), func.greatest(count, 0)))
    return getattr(func, name)(terms[0].sql, positive, type_=Text())  # type: ignore[no-any-return] # func makes it


def _contains(sheet: Sheet, terms: Sequence[Term], _words: Sequence[str], kind: Kind) -> Term:
    place = func.strpos if sheet.postgres else func.instr
    return Term(place(terms[0].sql, terms[1].sql, type_=Integer()) > 0, kind)


def _starts_with(sheet: Sheet, terms: Sequence[Term], _words: Sequence[str], kind: Kind) -> Term:
    if sheet.postgres:
        return Term(func.starts_with(terms[0].sql, terms[1].sql), kind)
    return Term(func.fw_starts_with(terms[0].sql, terms[1].sql, type_=Integer()) == 1, kind)


def _ends_with(sheet: Sheet, terms: Sequence[Term], _words: Sequence[str], kind: Kind) -> Term:
    if sheet.postgres:
        return Term(func.right(terms[0].sql, func.length(terms[1].sql)) == terms[1].sql, kind)
    return Term(func.fw_ends_with(terms[0].sql, terms[1].sql, type_=Integer()) == 1, kind)


def _replace(sheet: Sheet, terms: Sequence[Term], _words: Sequence[str], kind: Kind) -> Term:
    replace = func.replace if sheet.postgres else func.fw_replace
    return _text(replace(*(term.sql for term in terms), type_=Text()), kind)


# -- numbers --------------------------------------------------------------------------------------------------


def _numeric(name: str) -> Form:
    def form(sheet: Sheet, terms: Sequence[Term], words: Sequence[str], kind: Kind) -> Term:
        number = exact_number(sheet.numbers, terms[0])
        if name != "round":
            return Term(sheet.numbers.call(name, number), kind)
        digits = int(words[1]) if len(words) > 1 else 0
        return Term(sheet.numbers.call(name, number, literal(digits, Integer())), kind)

    return form


def _mod(sheet: Sheet, terms: Sequence[Term], _words: Sequence[str], kind: Kind) -> Term:
    return divided(sheet, "%", terms[0], terms[1], kind)


def divided(sheet: Sheet, operator: str, left: Term, right: Term, kind: Kind) -> Term:
    """Return a quotient or rest, with the error of a division by zero."""
    first, second = exact_number(sheet.numbers, left), exact_number(sheet.numbers, right)
    is_zero = func.coalesce(
        sheet.numbers.compare("==", second, sheet.numbers.constant(_ZERO)), false()
    )
    error = and_(is_zero, first.is_not(None))
    return Term(sheet.numbers.operate(operator, first, second), kind, errors=(error,))


def _decimal(sheet: Sheet, terms: Sequence[Term], _words: Sequence[str], kind: Kind) -> Term:
    return Term(sheet.numbers.read(terms[0].sql), kind)


# -- dates ----------------------------------------------------------------------------------------------------


def _date(sheet: Sheet, terms: Sequence[Term], _words: Sequence[str], kind: Kind) -> Term:
    return Term(day_of(sheet, terms[0]), kind)


def _datetime(sheet: Sheet, terms: Sequence[Term], _words: Sequence[str], kind: Kind) -> Term:
    return Term(start_of(sheet, terms[0]), kind)


def _dateadd(sheet: Sheet, terms: Sequence[Term], words: Sequence[str], kind: Kind) -> Term:
    count = sheet.numbers.whole(exact_number(sheet.numbers, terms[1]), _FAR)
    is_day = terms[0].kind.base is Base.DATE
    return Term(sheet.moments.add(terms[0].sql, count, words[2], sheet.zone, is_day=is_day), kind)


def _datediff(sheet: Sheet, terms: Sequence[Term], words: Sequence[str], kind: Kind) -> Term:
    if words[2] in _DAY_UNITS:
        first, last = day_of(sheet, terms[0]), day_of(sheet, terms[1])
        return _count(sheet.moments.days_between(first, last, words[2]), kind)
    return _count(
        sheet.moments.time_between(start_of(sheet, terms[0]), start_of(sheet, terms[1]), words[2]),
        kind,
    )


def _trunc(sheet: Sheet, terms: Sequence[Term], words: Sequence[str], kind: Kind) -> Term:
    return Term(sheet.moments.trunc(day_of(sheet, terms[0]), words[1]), kind)


def _end_of(sheet: Sheet, terms: Sequence[Term], words: Sequence[str], kind: Kind) -> Term:
    return Term(sheet.moments.end_of(day_of(sheet, terms[0]), words[1]), kind)


def _part(name: str) -> Form:
    def form(sheet: Sheet, terms: Sequence[Term], _words: Sequence[str], kind: Kind) -> Term:
        return _count(sheet.moments.part(day_of(sheet, terms[0]), name), kind)

    return form


def _workdays(sheet: Sheet, terms: Sequence[Term], _words: Sequence[str], kind: Kind) -> Term:
    return _count(sheet.moments.workdays(day_of(sheet, terms[0]), day_of(sheet, terms[1])), kind)


def _is_blank(_sheet: Sheet, terms: Sequence[Term], _words: Sequence[str], kind: Kind) -> Term:
    term = terms[0]
    if term.kind.base is Base.BOOLEAN:
        return Term(false(), kind)
    missing = term.sql.is_(None)
    return Term(or_(missing, term.sql == "") if term.kind.base is Base.TEXT else missing, kind)


FORMS: Mapping[str, Form] = {
    "ISBLANK": _is_blank,
    "LEN": _len,
    "LOWER": _letters("lower"),
    "UPPER": _letters("upper"),
    "TRIM": _trim,
    "LEFT": _left,
    "RIGHT": _right,
    "CONTAINS": _contains,
    "STARTSWITH": _starts_with,
    "ENDSWITH": _ends_with,
    "REPLACE": _replace,
    "ROUND": _numeric("round"),
    "FLOOR": _numeric("floor"),
    "CEIL": _numeric("ceil"),
    "ABS": _numeric("absolute"),
    "MOD": _mod,
    "DECIMAL": _decimal,
    "DATE": _date,
    "DATETIME": _datetime,
    "DATEADD": _dateadd,
    "DATEDIFF": _datediff,
    "TRUNC": _trunc,
    "END_OF": _end_of,
    "YEAR": _part("year"),
    "MONTH": _part("month"),
    "DAY": _part("day"),
    "WEEKDAY": _part("weekday"),
    "WORKDAYS": _workdays,
}
