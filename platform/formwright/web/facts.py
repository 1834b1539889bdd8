"""A record as its page draws it: facts by section, rows, related lists, history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from formwright.definitions.model import Action, Field, Node, NodeType
from formwright.engine.drafts import Draft, FieldState
from formwright.engine.formats import Titles, references_in, show
from formwright.engine.reading import HistoryEntry, RecordPage
from formwright.engine.runtime import Unit
from formwright.engine.views import Cell
from formwright.ids import format_id
from formwright.texts import Reader, Text, say
from formwright.web import times
from formwright.web.drawn import FileView, file_view
from formwright.web.forms import SubformPlan, plan_of
from formwright.web.layout import open_columns, totals
from formwright.web.rich_text import drawn
from formwright.web.tables import ColumnView, RowView, is_number, kind_of

_LONG = frozenset({"long_text", "rich_text", "address", "file", "image"})
_OPERATIONS: dict[str, Text] = {
    "create": say("created the record"),
    "update": say("changed"),
    "delete": say("deleted the record"),
    "restore": say("restored the record"),
    "share": say("shared the record"),
    "unshare": say("stopped sharing the record"),
}
_CHANNELS: dict[str, Text] = {
    "import": say("by import"),
    "data": say("with a package"),
    "hand_over": say("in a hand-over"),
}


@dataclass(frozen=True, slots=True)
class Badge:
    """A choice with its colour."""

    text: str
    color: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A value that leads somewhere; ``away`` leaves this server."""

    text: str
    url: str = ""
    away: bool = False
    boost: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """One field with its value."""

    title: str
    text: str = ""
    badges: Sequence[Badge] = ()
    links: Sequence[Link] = ()
    files: Sequence[FileView] = ()
    pictures: Sequence[FileView] = ()
    stars: str = ""
    #: The key of the field, where ``text`` is only what its mask leaves.
    masked: str = ""
    #: Where the value is asked for in full, for whoever may see it.
    reveal_url: str = ""
    wide: bool = False
    long: bool = False
    #: Formatted text, cleaned and drawn.
    rich: Markup | str = ""


@dataclass(frozen=True, slots=True)
class FactNode:
    """A part of a record page."""

    kind: str
    title: str = ""
    columns: Any = 1
    facts: Sequence[Fact] = ()
    inner: Sequence[FactNode] = ()
    rows: Sequence[RowView] = ()
    totals: Sequence[str] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class HistoryLineView:
    """One changed field."""

    title: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class HistoryView:
    """One change."""

    who: str
    what: str
    iso: str
    when: str
    exact: str
    lines: Sequence[HistoryLineView] = field(default=())


class FactSheet:
    """Builds the parts of one record's page."""

    def __init__(self, unit: Unit, page: RecordPage) -> None:
        self._unit = unit
        self._reader: Reader = unit.reader
        self._draft: Draft = page.draft
        self._titles: Titles = page.titles
        self._subforms = plan_of(unit.definitions, page.form).subforms
        record = page.record
        self._reveal_url = (
            f"/records/{record.entity}/{format_id(record.id)}/reveal/"
            if Action.REVEAL in page.may
            else ""
        )

    def nodes(self, nodes: Sequence[Node]) -> list[FactNode]:
        """Return the parts of a layout; what stands outside of a section gets one of its own."""
        found: list[FactNode] = []
        loose: list[Node] = []
        for node in nodes:
            if node.type in {NodeType.SECTION, NodeType.SUBFORM, NodeType.TEXT, NodeType.DIVIDER}:
                self._gather(loose, found)
                found += self._node(node)
            else:
                loose.append(node)
        self._gather(loose, found)
        return found

    def _gather(self, loose: list[Node], found: list[FactNode]) -> None:
        facts = self._facts(loose)
        if facts:
            found.append(FactNode("section", columns=2, facts=facts))
        loose.clear()

    def _node(self, node: Node) -> list[FactNode]:
        match node.type:
            case NodeType.SUBFORM:
                return (
                    [self._rows(self._subforms[node.field])] if self._is_visible(node.field) else []
                )
            case NodeType.TEXT:
                return [FactNode("text", text=self._say(node.text))]
            case NodeType.DIVIDER:
                return [FactNode("divider")]
            case _:
                facts = self._facts(node.items)
                inner = [
                    part for each in node.items if each.type in _PARTS for part in self._node(each)
                ]
                if not facts and len(inner) == 1 and inner[0].kind == "rows":
                    return inner
                return (
                    [FactNode("section", self._say(node.title), node.columns, facts, inner)]
                    if facts or inner
                    else []
                )

    def _is_visible(self, key: str) -> bool:
        state = self._draft.states.get(key)
        return key in self._subforms and state is not None and state.visible

    def _facts(self, nodes: Sequence[Node]) -> list[Fact]:
        found = []
        for node in nodes:
            if node.type is NodeType.ROW:
                found += self._facts(node.items)
            state = self._draft.states.get(node.field) if node.type is NodeType.FIELD else None
            if (
                state is not None
                and state.visible
                and not state.field.hidden
                and not state.field.type.virtual
            ):
                found.append(self.fact(state))
        return found

    def fact(self, state: FieldState) -> Fact:
        """Return one field with its value."""
        definition, value = state.field, state.value
        title = definition.title.in_language(self._reader.language)
        kind = definition.type.name
        wide = kind in _LONG
        if state.mask:
            key = definition.key
            url = f"{self._reveal_url}{key}" if self._reveal_url else ""
            return Fact(title, state.mask, masked=key, reveal_url=url)
        if value is None or value == ():
            return Fact(title, wide=wide)
        if kind in {"file", "image"}:
            files = [file_view(each) for each in value]
            return Fact(
                title,
                files=[f for f in files if kind == "file"],
                pictures=[f for f in files if kind == "image"],
                wide=True,
            )
        if definition.options:
            return Fact(title, badges=self._badges(definition, value))
        if kind == "tags":
            return Fact(title, badges=[Badge(word) for word in value])
        if kind == "rich_text":
            return Fact(title, rich=drawn(value), wide=True)
        text = show(definition, value, self._reader, self._titles)
        if definition.target:
            return Fact(title, links=self._references(definition, value))
        links = _outside(kind, text, value)
        if links:
            return Fact(title, links=links)
        stars = (
            say("%(count)s stars", count=value).in_language(self._reader.language)
            if kind == "rating"
            else ""
        )
        return Fact(title, text, stars=stars, wide=wide, long=kind == "long_text")

    def _badges(self, definition: Field, value: Any) -> list[Badge]:
        chosen = value if isinstance(value, tuple) else (value,)
        known = {option.value: option for option in definition.options}
        return [
            Badge(known[each].title.in_language(self._reader.language), known[each].color)
            if each in known
            else Badge(each)
            for each in chosen
        ]

    def _references(self, definition: Field, value: Any) -> list[Link]:
        found = []
        for number in references_in(definition, value):
            title = self._titles.of(definition.target, number, self._reader)
            readable = (
                self._titles.readable(definition.target, number)
                and definition.target != "core.user"
            )
            url = f"/records/{definition.target}/{format_id(number)}" if readable else ""
            found.append(Link(title, url, boost=True))
        return found

    def _rows(self, plan: SubformPlan) -> FactNode:
        rows = self._draft.rows.get(plan.field.key, [])
        shown = open_columns(self._unit, plan)
        columns = [
            ColumnView(
                column.title.in_language(self._reader.language), kind_of(column), is_number(column)
            )
            for column in shown
        ]
        cells = [
            RowView(
                row.key, "", "", "", [self._cell(row.states.get(column.key)) for column in shown]
            )
            for row in rows
        ]
        sums = totals(plan, rows, self._reader)
        return FactNode(
            "rows",
            plan.field.title.in_language(self._reader.language),
            columns,
            rows=cells,
            totals=[sums.get(column.key, "") for column in shown] if sums and rows else (),
        )

    def _cell(self, state: FieldState | None) -> Cell:
        if state is None or state.mask is not None:
            mask = (state.mask or "") if state is not None else ""
            return Cell(mask, masked=bool(mask))
        definition, value = state.field, state.value
        if value is None:
            return Cell("")
        link = None
        if definition.is_reference and self._titles.readable(definition.target, value):
            link = (definition.target, value)
        color = next((o.color for o in definition.options if o.value == value), "")
        return Cell(
            show(definition, value, self._reader, self._titles), definition, value, link, color
        )

    def header_badges(self) -> list[Badge]:
        """Return the first coloured choices of the record, for beside its title."""
        found: list[Badge] = []
        for state in self._draft.states.values():
            if state.field.type.name == "choice" and state.value is not None and state.visible:
                found += [badge for badge in self._badges(state.field, state.value) if badge.color]
        return found[:3]

    def _say(self, label: Any) -> str:
        return str(label.in_language(self._reader.language))


_PARTS = frozenset({NodeType.SECTION, NodeType.SUBFORM, NodeType.TEXT, NodeType.DIVIDER})


def _outside(kind: str, text: str, value: Any) -> list[Link]:
    match kind:
        case "email":
            return [Link(text, f"mailto:{value}")]
        case "phone":
            return [Link(text, f"tel:{value}")]
        case "url":
            return [Link(text, str(value), away=True)]
        case _:
            return []


def history_view(entry: HistoryEntry, unit: Unit) -> HistoryView:
    """Return a change as the timeline draws it."""
    language = unit.reader.language
    what = _OPERATIONS.get(entry.operation, say("changed")).in_language(language)
    channel = _CHANNELS.get(entry.channel)
    if channel is not None:
        what = f"{what} {channel.in_language(language)}"
    lines = () if entry.operation == "create" else entry.lines
    return HistoryView(
        who=entry.by or say("The system").in_language(language),
        what=what,
        iso=times.iso(entry.at),
        when=times.when(entry.at, unit.now, unit.reader),
        exact=times.exact(entry.at, unit.reader),
        lines=[
            HistoryLineView(line.title.in_language(language), line.before, line.after)
            for line in lines
        ],
    )
