"""The registry of functions: what each is called, takes and gives, and a sentence about it for the reference."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeAlias
from zoneinfo import ZoneInfo

from formwright.expressions.kinds import Base, Kind
from formwright.suggest import closest
from formwright.texts import Text

#: The kind of the result, or how it follows from the kinds of the arguments.
Result: TypeAlias = Kind | Callable[[Sequence[Kind]], Kind]


class Context(Protocol):
    """What a function may know besides its arguments."""

    @property
    def zone(self) -> ZoneInfo:
        """The time zone that decides what day it is."""
        ...

    @property
    def now(self) -> datetime:
        """The instant it is."""
        ...

    @property
    def roles(self) -> Sequence[str]:
        """The roles of the user, by qualified name."""
        ...


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument: which kinds it takes, whether it may be left out or given many times.

    ``constant``: it must be written down, not computed; with ``choices`` it must be one of these texts.
    """

    name: str
    accepts: tuple[Base, ...]
    optional: bool = False
    repeated: bool = False
    constant: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Function:
    """A named function.

    ``evaluate`` gets the values of the arguments (before them the Context when ``context`` is set). Unless
    ``handles_null``, an argument without a value gives null (false, when the result is a boolean) without a call.
    ``special`` functions are understood by the checker itself: macros, and those that look at names, not values.
    """

    name: str
    group: str
    doc: Text
    parameters: tuple[Parameter, ...]
    result: Result
    evaluate: Callable[..., Any] | None = None
    #: Expressions with the text of their results: shown in the reference, run by the tests.
    examples: tuple[tuple[str, str], ...] = ()
    handles_null: bool = False
    context: bool = False
    time_dependent: bool = False
    special: bool = False
    #: True, False, or a test of the arguments' kinds: whether there is an SQL form on both databases.
    compiles: bool | Callable[[Sequence[Kind]], bool] = False
    #: For functions of plugins: ``sql(dialect_name, *columns)`` gives the SQL form.
    sql: Callable[..., Any] | None = None

    def result_kind(self, kinds: Sequence[Kind]) -> Kind:
        """Return the kind of the result for arguments of ``kinds``."""
        return self.result if isinstance(self.result, Kind) else self.result(kinds)

    def has_sql(self, kinds: Sequence[Kind]) -> bool:
        """Return whether a call with arguments of ``kinds`` can be turned into SQL."""
        if isinstance(self.compiles, bool):
            return self.compiles or self.sql is not None
        return self.compiles(kinds)

    @property
    def signature(self) -> str:
        """The call as the reference shows it: ``ROUND(number, [digits])``."""
        return f"{self.name}({', '.join(_show(parameter) for parameter in self.parameters)})"


def _show(parameter: Parameter) -> str:
    name = parameter.name + ("..." if parameter.repeated else "")
    return f"[{name}]" if parameter.optional else name


class Functions:
    """The functions that expressions can call, by name; a second one of a name is refused."""

    def __init__(self, functions: Sequence[Function] = ()) -> None:
        self._by_name: dict[str, Function] = {}
        for function in functions:
            self.add(function)

    def add(self, function: Function) -> None:
        """Register ``function``; raise ValueError when the name is taken."""
        if function.name in self._by_name:
            raise ValueError(f"there is a function {function.name} already")
        self._by_name[function.name] = function

    def find(self, name: str) -> Function | None:
        """Return the function called ``name``, or None."""
        return self._by_name.get(name)

    def closest(self, name: str) -> str | None:
        """Return the nearest name of a function, former and foreign names included."""
        return FOREIGN.get(name.upper()) or closest(name, self._by_name)

    def __iter__(self) -> Iterator[Function]:
        return iter(self._by_name.values())


#: What other products call them.
FOREIGN: Mapping[str, str] = {
    "AND": "&&",
    "OR": "||",
    "NOT": "!",
    "CONCAT": "JOIN",
    "CONCATENATE": "JOIN",
    "EMPTY": "ISBLANK",
    "ISEMPTY": "ISBLANK",
    "FILLED": "ISBLANK",
    "HASROLE": "HAS_ROLE",
    "MATCH": "MATCHES",
    "REGEX": "MATCHES",
    "DAYS": "DATEDIFF",
    "HOURS": "DATEDIFF",
    "TODAY": "today",
    "NOW": "now",
    "LENGTH": "LEN",
    "SUBSTITUTE": "REPLACE",
    "AVERAGE": "AVG",
    "CEILING": "CEIL",
    "VALUE": "DECIMAL",
    "NETWORKDAYS": "WORKDAYS",
    "WORKDAY": "WORKDAYS_ADD",
    "EOMONTH": "END_OF",
    "IFS": "SWITCH",
    "DATE_ADD": "DATEADD",
    "DATE_DIFF": "DATEDIFF",
}
