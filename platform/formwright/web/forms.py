"""From a ``Form`` of the definitions to inputs: what was sent becomes an ``Input``, a ``Draft`` becomes a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms.form import BaseForm
from wtforms.meta import DefaultMeta

from formwright.definitions.model import Catalog, Entity, Field, Form, Node, NodeType
from formwright.engine.drafts import Draft, FieldState, Input, RowDraft, RowInput, Violation
from formwright.engine.formats import Titles
from formwright.engine.runtime import Definitions
from formwright.texts import Reader
from formwright.web.controls import Control, row_key

#: Before the name of every input: a field of the definitions may be called like a property of a form in the browser.
PREFIX = "f-"
#: More rows than this are no form that a person filled: it is refused as a whole, since a row left out is a row deleted.
MOST_ROWS = 1000


@dataclass(frozen=True, slots=True)
class SubformPlan:
    """The rows of a child entity in a form: which fields are columns."""

    field: Field
    columns: tuple[Field, ...]


@dataclass(frozen=True, eq=False)
class FormPlan:
    """What is worked out of a form once: its inputs, as WTForms makes them."""

    form: Form
    entity: Entity
    fields: tuple[Field, ...]
    subforms: Mapping[str, SubformPlan]
    unbound: Mapping[str, Any]
    unbound_rows: Mapping[str, Mapping[str, Any]]


@dataclass(slots=True)
class Row:
    """The inputs of one row."""

    key: str
    controls: dict[str, Control]


@dataclass(slots=True)
class Sent:
    """The inputs of a form with what was sent for them; ``rows`` holds the subforms that were in the form."""

    plan: FormPlan
    controls: dict[str, Control]
    rows: dict[str, list[Row]] = field(default_factory=dict)

    def input(self, *, confirmed: bool = False) -> Input:
        """Return what the engine is given: only inputs that were there say anything."""
        values = {key: control.given for key, control in self.controls.items() if control.sent}
        rows = {
            key: [
                RowInput(
                    row.key,
                    {name: control.given for name, control in row.controls.items() if control.sent},
                )
                for row in rows
            ]
            for key, rows in self.rows.items()
        }
        return Input(values, rows, confirmed=confirmed)

    def all_controls(self) -> list[tuple[str, str, Control]]:
        """Return every input with the subform and row it is in, "" for none."""
        found = [("", "", control) for control in self.controls.values()]
        for key, rows in self.rows.items():
            found += [(key, row.key, control) for row in rows for control in row.controls.values()]
        return found


def plan_of(definitions: Definitions, form: Form) -> FormPlan:
    """Return the plan of a form; made once for each revision, and forgotten together with it."""
    plans = _plans.setdefault(definitions, {})
    found = plans.get(form.name)
    if found is None:
        found = plans[form.name] = _plan(definitions.catalog, form)
    return found


_plans: WeakKeyDictionary[Definitions, dict[str, FormPlan]] = WeakKeyDictionary()


def _plan(catalog: Catalog, form: Form) -> FormPlan:
    entity = catalog.entities[form.entity]
    fields: dict[str, Field] = {}
    subforms: dict[str, SubformPlan] = {}
    for node in _leaves(form.layout):
        definition = entity.fields.get(node.field)
        if definition is None or definition.hidden:
            continue
        if definition.is_subform:
            subforms[definition.key] = SubformPlan(definition, _columns(catalog, definition, node))
        elif not definition.type.virtual:
            fields[definition.key] = definition
    return FormPlan(
        form,
        entity,
        tuple(fields.values()),
        subforms,
        _unbound(fields.values()),
        {key: _unbound(subform.columns) for key, subform in subforms.items()},
    )


def _leaves(nodes: Sequence[Node]) -> list[Node]:
    found = []
    for node in nodes:
        if node.type in {NodeType.FIELD, NodeType.SUBFORM}:
            found.append(node)
        found += _leaves(node.items)
    return found


def _columns(catalog: Catalog, subform: Field, node: Node) -> tuple[Field, ...]:
    child = catalog.entities[subform.target]
    keys = node.columns_shown or tuple(child.fields)
    return tuple(
        f
        for key in keys
        if (f := child.fields[key]) is not None and not f.hidden and not f.type.virtual
    )


def _unbound(fields: Any) -> dict[str, Any]:
    return {definition.key: Control(definition=definition) for definition in fields}


def read(plan: FormPlan, data: MultiDict[str, str] | None) -> Sent:
    """Return the inputs of a form with what ``data`` holds for them; None for a form that was not sent yet."""
    sent = Sent(plan, _bind(plan.unbound, PREFIX, data))
    if data is None:
        return sent
    for key in plan.subforms:
        name = PREFIX + key
        if name not in data:
            continue
        keys = dict.fromkeys(filter(None, map(row_key, data.getlist(name))))
        if len(keys) > MOST_ROWS:
            raise RequestEntityTooLarge
        sent.rows[key] = [Row(each, bind_row(plan, key, each, data)) for each in keys]
    return sent


def bind_row(
    plan: FormPlan, subform: str, key: str, data: MultiDict[str, str] | None
) -> dict[str, Control]:
    """Return the inputs of one row."""
    controls = _bind(plan.unbound_rows[subform], f"{PREFIX}{subform}-{key}-", data)
    for control in controls.values():
        control.in_row = True
    return controls


def _bind(unbound: Mapping[str, Any], prefix: str, data: Any) -> dict[str, Control]:
    # BaseForm and not Form: fields are items here, never attributes, whatever an admin calls them.
    form = BaseForm(unbound, prefix=prefix, meta=_META)
    form.process(data)
    return form._fields  # type: ignore[return-value]  # the mapping that iterating a form goes over


_META = DefaultMeta()


def without_prefix(arguments: MultiDict[str, str]) -> MultiDict[str, str]:
    """Return the inputs that an address brings along, for a new record that starts with them."""
    return MultiDict(
        [(name, text) for name, text in arguments.items(multi=True) if name.startswith(PREFIX)]
    )


def show(
    sent: Sent,
    draft: Draft,
    reader: Reader,
    titles: Titles,
    pick_url: str,
) -> None:
    """Give every input the worked-out state of its field; rows follow the draft. What the actor may not see goes."""
    wrong = _by_place(draft.violations)
    for key, control in list(sent.controls.items()):
        state = draft.states.get(key)
        if state is None:
            del sent.controls[key]
            continue
        found = wrong.get((key, "", ""), ())
        control.show(state, found, reader, titles, path=key, pick_url=f"{pick_url}/{key}")
    for key, subform in sent.plan.subforms.items():
        typed = {row.key: row.controls for row in sent.rows.get(key, ())}
        rows = []
        for each in draft.rows.get(key, ()):
            controls = typed.get(each.key) or bind_row(sent.plan, key, each.key, None)
            show_row(subform, each, controls, wrong, reader, titles, f"{pick_url}/{key}.{each.key}")
            rows.append(Row(each.key, controls))
        sent.rows[key] = rows


def show_row(
    subform: SubformPlan,
    row: RowDraft,
    controls: Mapping[str, Control],
    wrong: Mapping[tuple[str, str, str], Sequence[Violation]],
    reader: Reader,
    titles: Titles,
    pick_url: str,
) -> None:
    """Give the inputs of a row the worked-out state of their fields."""
    key = subform.field.key
    for name, control in controls.items():
        # Rows may differ in what is open of them; a cell stays for what is open in others.
        state = row.states.get(name) or FieldState(control.definition, readonly=True, mask="")
        found = wrong.get((key, row.key, name), ())
        control.show(
            state,
            found,
            reader,
            titles,
            path=f"{key}.{row.key}.{name}",
            pick_url=f"{pick_url}.{name}",
        )


def _by_place(violations: Sequence[Violation]) -> dict[tuple[str, str, str], list[Violation]]:
    found: dict[tuple[str, str, str], list[Violation]] = {}
    for violation in violations:
        found.setdefault((violation.field, violation.row, violation.row_field), []).append(
            violation
        )
    return found
