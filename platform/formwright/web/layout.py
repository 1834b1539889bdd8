"""A form as a template draws it: tabs, sections, inputs, rows, and what is wrong with all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from formwright.definitions.model import Field, Node, NodeType
from formwright.engine.drafts import Draft, RowDraft
from formwright.engine.pipeline import condition_holds
from formwright.engine.runtime import Unit
from formwright.expressions.evaluate import Environment
from formwright.texts import Reader
from formwright.web.controls import Control
from formwright.web.forms import PREFIX, Sent, SubformPlan
from formwright.web.tables import is_number


@dataclass(frozen=True, slots=True)
class LineColumn:
    """A column of a subform."""

    key: str
    title: str
    css: str
    end: bool
    need: bool


@dataclass(frozen=True, slots=True)
class LineRow:
    """A row of a subform."""

    key: str
    number: int
    controls: Sequence[Control]
    problem: str


@dataclass(frozen=True, slots=True)
class SubformView:
    """The rows of a child entity as a table of inputs."""

    key: str
    name: str
    title: str
    columns: Sequence[LineColumn]
    rows: Sequence[LineRow]
    totals: Mapping[str, str]
    errors: Sequence[str]
    visible: bool


@dataclass(frozen=True, slots=True)
class FormNode:
    """A part of a layout with what stands in it."""

    kind: str
    title: str = ""
    description: str = ""
    columns: int = 1
    items: Sequence[FormNode] = ()
    collapsible: bool = False
    collapsed: bool = False
    control: Control | None = None
    subform: SubformView | None = None


@dataclass(frozen=True, slots=True)
class FormTab:
    """A tab of a form; ``wrong`` counts what is to be corrected in it."""

    key: str
    title: str
    nodes: Sequence[FormNode]
    wrong: int = 0


@dataclass(frozen=True, slots=True)
class Complaint:
    """A line of the summary: what is wrong, and the input that it leads to."""

    target: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class FormView:
    """Everything a form draws."""

    url: str
    draft_url: str
    rows_url: str
    cancel_url: str
    submit_title: str
    may_add_another: bool
    hidden: Sequence[tuple[str, str]]
    tabs: Sequence[FormTab]
    nodes: Sequence[FormNode]
    summary: Sequence[Complaint] = ()
    warnings: Sequence[str] = ()
    has_files: bool = False
    wide: bool = False


class Layout:
    """Builds the nodes of one form for one draft."""

    def __init__(self, unit: Unit, sent: Sent, draft: Draft, environment: Environment) -> None:
        self._unit = unit
        self._sent = sent
        self._draft = draft
        self._environment = environment
        self._reader = unit.reader

    def tabs(self) -> list[FormTab]:
        """Return the tabs of the form; none when it has no tabs, or one only."""
        layout = self._sent.plan.form.layout
        tabs = [
            node for node in layout if node.type is NodeType.TAB and self._leads_somewhere(node)
        ]
        if len(tabs) < 2:
            return []
        return [
            FormTab(node.key, self._say(node.title), self._nodes(node.items), self._wrong_in(node))
            for node in tabs
        ]

    def nodes(self) -> list[FormNode]:
        """Return what stands in the form, a single tab dissolved."""
        found: list[Node] = []
        for node in self._sent.plan.form.layout:
            found += node.items if node.type is NodeType.TAB else (node,)
        return self._nodes(found)

    def _nodes(self, nodes: Sequence[Node]) -> list[FormNode]:
        """Return sections; what stands outside of one gets one of its own."""
        found: list[FormNode] = []
        loose: list[Node] = []
        for node in nodes:
            if node.type is NodeType.SECTION:
                self._gather(loose, found)
                found.append(self._section(node))
            else:
                loose.append(node)
        self._gather(loose, found)
        return found

    def _gather(self, loose: list[Node], found: list[FormNode]) -> None:
        items = self._items(loose)
        if items:
            found.append(FormNode("section", columns=2, items=items))
        loose.clear()

    def _section(self, node: Node) -> FormNode:
        wrong = self._wrong_in(node) > 0
        return FormNode(
            "section",
            self._say(node.title),
            self._say(node.description),
            max(1, min(node.columns, 4)),
            self._items(node.items),
            collapsible=node.collapsible,
            collapsed=node.collapsible
            and node.collapsed_when is not None
            and not wrong
            and condition_holds(node.collapsed_when, self._environment),
        )

    def _items(self, nodes: Sequence[Node]) -> list[FormNode]:
        found: list[FormNode] = []
        for node in nodes:
            match node.type:
                case NodeType.FIELD if node.field in self._sent.controls:
                    control = self._sent.controls[node.field]
                    control.css = _span(node, control)
                    found.append(FormNode("field", control=control))
                case NodeType.SUBFORM if self.shows_rows(node.field):
                    found.append(FormNode("rows", subform=self.subform(node.field)))
                case NodeType.ROW:
                    found += self._items(node.items)
                case NodeType.SECTION:
                    found.append(self._section(node))
                case NodeType.TEXT:
                    found.append(FormNode("text", self._say(node.text)))
                case NodeType.DIVIDER:
                    found.append(FormNode("divider"))
                case _:
                    pass  # related lists belong to record pages
        return found

    def shows_rows(self, key: str) -> bool:
        """Return whether a subform is in the form, and open to the actor."""
        return key in self._sent.plan.subforms and key in self._draft.states

    def subform(self, key: str) -> SubformView:
        """Return the rows of a subform."""
        plan = self._sent.plan.subforms[key]
        keys = [column.key for column in open_columns(self._unit, plan)]
        rows = self._sent.rows.get(key, [])
        return SubformView(
            key=key,
            name=PREFIX + key,
            title=plan.field.title.in_language(self._reader.language),
            columns=[
                _column(definition, self._reader)
                for definition in plan.columns
                if definition.key in keys
            ],
            rows=[
                LineRow(
                    row.key,
                    number,
                    [row.controls[each] for each in keys],
                    self._row_problem(key, row.key),
                )
                for number, row in enumerate(rows, 1)
            ],
            totals=totals(plan, self._draft.rows.get(key, ()), self._reader),
            errors=[
                each.message.in_language(self._reader.language) for each in self._draft.wrong(key)
            ],
            visible=self._draft.states[key].visible,
        )

    def _row_problem(self, subform: str, row: str) -> str:
        """Return what is wrong with a row as a whole, or with one of its fields that is no column."""
        columns = {definition.key for definition in self._sent.plan.subforms[subform].columns}
        found = [
            each.message.in_language(self._reader.language)
            for each in self._draft.violations
            if each.field == subform and each.row == row and each.row_field not in columns
        ]
        return " ".join(found)

    def _leads_somewhere(self, node: Node) -> bool:
        return bool(node.field) or any(self._leads_somewhere(inner) for inner in node.items)

    def _wrong_in(self, node: Node) -> int:
        keys = _fields_in(node)
        return sum(
            1 for each in self._draft.violations if each.field in keys and each.level == "error"
        )

    def _say(self, label: Any) -> str:
        return str(label.in_language(self._reader.language))


def complaints(draft: Draft, sent: Sent, reader: Reader) -> tuple[list[Complaint], list[str]]:
    """Return what is wrong, each with the input it leads to, and the warnings."""
    wrong: list[Complaint] = []
    warnings: list[str] = []
    for each in draft.violations:
        text = each.message.in_language(reader.language)
        definition = draft.entity.fields.get(each.field)
        title = definition.title.in_language(reader.language) if definition is not None else ""
        if each.level == "warning":
            warnings.append(f"{title}: {text}" if title else text)
            continue
        target, place = _target(each.field, each.row, each.row_field, sent)
        wrong.append(Complaint(target, f"{title} {place}".strip(), text))
    return wrong, warnings


def _target(key: str, row_key: str, row_field: str, sent: Sent) -> tuple[str, str]:
    if row_key:
        rows = sent.rows.get(key, [])
        number, row = next(((n, r) for n, r in enumerate(rows, 1) if r.key == row_key), (0, None))
        control = row.controls.get(row_field) if row is not None else None
        if control is None:
            return (f"block-{key}" if row is not None else ""), f"({number})" if number else ""
        return control.focus_id, f"({number}) · {control.title}"
    control = sent.controls.get(key)
    if control is not None:
        return control.focus_id, ""
    return (f"block-{key}" if key in sent.plan.subforms else ""), ""


def open_columns(unit: Unit, plan: SubformPlan) -> list[Field]:
    """Return the columns of a subform of which the actor may see something."""
    child = plan.field.target
    return [column for column in plan.columns if unit.gate.visible(child, column.key)]


def totals(plan: SubformPlan, rows: Sequence[RowDraft], reader: Reader) -> dict[str, str]:
    """Return the totals that a subform shows under its columns."""
    found = {}
    for column in plan.columns:
        aggregate = plan.field.totals.get(column.key)
        if aggregate is None:
            continue
        states = [row.states.get(column.key) for row in rows]
        values = [state.value for state in states if state is not None and state.value is not None]
        result = _aggregate(aggregate, values)
        if result is None:
            found[column.key] = "–"
        else:
            found[column.key] = (
                str(result) if aggregate == "count" else column.type.format(column, result, reader)
            )
    return found


def _aggregate(name: str, values: Sequence[Any]) -> Any:
    if name == "count":
        return len(values)
    if not values:
        return None
    match name:
        case "sum":
            return sum(values, Decimal(0))
        case "min":
            return min(values)
        case "max":
            return max(values)
        case _:
            return sum(values, Decimal(0)) / len(values)


def _column(definition: Field, reader: Reader) -> LineColumn:
    number = is_number(definition)
    css = "c-num" if number else ("c-ref" if definition.target else "c-text")
    if definition.type.name in {"date", "datetime", "time"}:
        css = "c-date"
    return LineColumn(
        definition.key,
        definition.title.in_language(reader.language),
        css,
        number,
        definition.required and definition.writable,
    )


def _span(node: Node, control: Control) -> str:
    """Return how many columns an input takes: what the layout says, or all of them where little width is no use."""
    if node.width:
        return f"span-{node.width}" if node.width > 1 else ""
    return (
        "span-all"
        if control.widget_name in {"long_text", "rich_text", "address", "file", "image", "choices"}
        else ""
    )


def _fields_in(node: Node) -> set[str]:
    found = {node.field} if node.field else set()
    for inner in node.items:
        found |= _fields_in(inner)
    return found
