"""``formwright explain``: why somebody may do something, or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from formwright.cli.instance import acting, entity_name, open_instance
from formwright.cli.language import _, language
from formwright.cli.output import say_line, write_json
from formwright.errors import NotFound, UnknownName
from formwright.texts import say

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit

_SIGNS = {True: "+", False: "-", None: "?"}


@click.command(help=_("Say why somebody may do something, or not: which grants and guards decide."))
@click.argument("login")
@click.argument("action")
@click.argument("entity")
@click.argument("record", required=False)
@click.option("--field", default="", help=_("Key of a field of the record."))
@click.option("--as", "asking", default="", help=_("Log-in of the person as whom to work."))
@click.option("--json", "as_json", is_flag=True, help=_("Write JSON."))
def explain(
    login: str,
    action: str,
    entity: str,
    record: str | None,
    field: str,
    asking: str,
    *,
    as_json: bool,
) -> None:
    """Explain a right. The record is named by its id, or by a value that only one can have."""
    from formwright.engine import explained, naming  # noqa: PLC0415 -- keeps `--help` quick
    from formwright.engine.explain import explain as explain_right  # noqa: PLC0415

    with open_instance() as runtime:
        actor = acting(runtime, asking)
        name = entity_name(runtime, entity)
        with runtime.unit(actor) as unit:
            user = naming.person(unit, login)
            if user is None:
                raise NotFound(say("Nobody logs in as '%(login)s'.", login=login))
            number = _record(unit, name, record) if record else None
            found = explain_right(unit, user, _action(action), name, number, field or None)
            told = explained.texts(found, language())
    if as_json:
        write_json(told)
    else:
        _write(told)


def _action(name: str) -> Any:
    from formwright.definitions.model import Action  # noqa: PLC0415 -- keeps `--help` quick
    from formwright.suggest import closest  # noqa: PLC0415

    if name in set(Action):
        return Action(name)
    near = closest(name, list(Action))
    if near is None:
        raise UnknownName(say("There is no action '%(name)s'.", name=name))
    raise UnknownName(
        say("There is no action '%(name)s'; did you mean '%(near)s'?", name=name, near=near)
    )


def _record(unit: Unit, entity: str, text: str) -> int:
    """Return the record that is meant; an id is taken as it is, also of one that the asking person does not see."""
    from formwright.engine import naming  # noqa: PLC0415 -- keeps `--help` quick
    from formwright.ids import format_id, parse_id  # noqa: PLC0415

    number = parse_id(text)
    if number is not None:
        return number
    found = naming.meant(unit, entity, text)
    if not found:
        raise NotFound(say("No record that you see fits '%(text)s'.", text=text))
    if len(found) > 1:
        names = "; ".join(f"{format_id(each.id)} {each.title}" for each in found)
        raise NotFound(say("'%(text)s' fits several records: %(names)s", text=text, names=names))
    return found[0].id


def _write(told: Mapping[str, Any], indent: str = "") -> None:
    say_line(indent + told["verdict"])
    for sentence in told["because"]:
        say_line(f"{indent}  {sentence}")
    if told["field"] is not None:
        say_line(indent + told["field"]["verdict"])
        for sentence in told["field"]["because"]:
            say_line(f"{indent}  {sentence}")
    for role in told["roles"]:
        if role["grants"]:
            through = _(" (through %(role)s)", role=role["through"]) if role["through"] else ""
            say_line(f"{indent}{role['title']}{through}")
            _write_findings(role["grants"], indent + "  ")
    if told["guards"]:
        say_line(indent + _("Guards"))
        _write_findings(told["guards"], indent + "  ")
    if told["follows"] is not None:
        say_line(indent + _("It follows the record that it belongs to:"))
        _write(told["follows"], indent + "  ")


def _write_findings(findings: list[Mapping[str, Any]], indent: str) -> None:
    for each in findings:
        text = f": {each['text']}" if each["text"] else ""
        say_line(f"{indent}{_SIGNS[each['holds']]} {each['name']}{text}")
        for point in each["points"]:
            facts = f" ({'; '.join(point['facts'])})" if point["facts"] else ""
            say_line(f"{indent}    {_SIGNS[point['holds']]} {point['text']}{facts}")
