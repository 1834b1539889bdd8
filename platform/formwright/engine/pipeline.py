"""The one way a record is worked out before it is stored, for every writer: LANGUAGE.md 4.4 in order.

Nothing here touches the database, except where an expression follows a reference. What it costs is paid once an
entity (``EntityPlan``), so that an import can run each row through the same steps as a form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cached_property, partial
from typing import Any, TypeAlias

from formwright.definitions.model import Catalog, Entity, Field, Form, Node, Rule
from formwright.engine.documents import DocumentJudge
from formwright.engine.drafts import Input, Typed, Violation
from formwright.engine.rows import Lookup, ValuesRow
from formwright.errors import FormwrightError
from formwright.expressions.check import Checked
from formwright.expressions.evaluate import (
    BudgetExceeded,
    Environment,
    EvaluationError,
    Row,
    prepare,
)
from formwright.expressions.kinds import Value
from formwright.expressions.lost import LostExpression
from formwright.fieldtypes.base import FieldType, ValueProblem
from formwright.ids import format_id, parse_id
from formwright.store.rows import StoredRecord
from formwright.texts import Reader, Text, say

Check: TypeAlias = Callable[[Any], Text | None]
Evaluator: TypeAlias = Callable[[Environment], Value]

#: Channels through which a new record may bring the business number it had elsewhere.
_BRINGS_NUMBERS = frozenset({"import", "data"})
REQUIRED = say("This field is required.")
NOT_WRITABLE = say("This field cannot be changed here.")


@dataclass(frozen=True, slots=True)
class Context:
    """What one unit of work shares: where references lead, in whose language texts are read, and the channel."""

    lookup: Lookup
    reader: Reader
    channel: str = "form"
    #: Where references lead for copies into the record: what the writer may not read is not copied.
    sight: Lookup | None = None
    #: Takes out references the writer may not choose, before any expression follows them; None where the caller has
    #: looked the records up within the writer's rights already.
    screen: Callable[[Sequence[Work]], None] | None = None


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule with its expressions made ready."""

    rule: Rule
    when: Evaluator | None
    assertion: Evaluator


class EntityPlan:
    """What has to be done for a record of one entity; steps that its definition does not need are not there."""

    def __init__(self, entity: Entity, children: Mapping[str, EntityPlan]) -> None:
        self.entity = entity
        self.children = children
        fields = [f for f in entity.fields.values() if not f.type.virtual]
        self.fields: dict[str, Field] = {f.key: f for f in fields}
        self.numbered = [f for f in fields if f.sequence]
        self.references = [f for f in fields if f.target and not f.computed]
        self.subforms = [f for f in entity.fields.values() if f.is_subform]
        self.defaults = {f.key: f.default for f in fields if f.default is not None}
        self.default_from = _ready((f.key, f.default_from) for f in fields)
        self.fills = [(f, prepare(f.fill_from.value)) for f in fields if f.fill_from is not None]
        self.computes = [
            (f, prepare(f.compute))
            for key in entity.compute_order
            if (f := entity.fields[key]).compute is not None and f.stored
        ]
        self.visible_when = _ready((f.key, f.visible_when) for f in entity.fields.values())
        self.readonly_when = _ready((f.key, f.readonly_when) for f in entity.fields.values())
        self.required_when = _ready((f.key, f.required_when) for f in entity.fields.values())
        self.required = [
            f.key for f in fields if f.required and f.writable and f.type.name != "boolean"
        ]
        self.rules = [_ready_rule(rule) for f in fields for rule in f.rules]
        self.rules += [_ready_rule(rule) for rule in entity.rules]
        #: Fields that take any value that is given for them, without a second thought.
        self.free = frozenset(
            f.key for f in fields if f.writable and not (f.immutable or f.sequence)
        )
        #: What is asked of a field's value, without the questions that every value would pass.
        self.checks = {f.key: checks for f in fields if (checks := _checks(f))}

    @cached_property
    def judge(self) -> DocumentJudge:
        """The JSON Schema judge of the entity's documents."""
        return DocumentJudge(self.entity)


def plans_for(catalog: Catalog) -> dict[str, EntityPlan]:
    """Return the plan of every entity; a child's plan is made before its parent's."""
    plans: dict[str, EntityPlan] = {}

    def plan(name: str) -> EntityPlan:
        if name not in plans:
            entity = catalog.entities[name]
            plans[name] = EntityPlan(
                entity, {f.key: plan(f.target) for f in entity.fields.values() if f.is_subform}
            )
        return plans[name]

    for name in catalog.entities:
        plan(name)
    return plans


def _ready(pairs: Any) -> list[tuple[str, Evaluator]]:
    return [(key, prepare(checked)) for key, checked in pairs if checked is not None]


def _ready_rule(rule: Rule) -> _Rule:
    return _Rule(
        rule, prepare(rule.when) if rule.when is not None else None, prepare(rule.assertion)
    )


@dataclass(slots=True)
class Work:
    """A record worked out: its values and everything that is wrong with them so far."""

    plan: EntityPlan
    row: ValuesRow
    before: StoredRecord | None
    values: dict[str, Any]
    key: str = ""
    given: set[str] = field(default_factory=set)
    typed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    #: Fields whose new reference was taken out.
    refused: set[str] = field(default_factory=set)
    #: Computed fields whose result does not fit them, with what is wrong.
    unfit: dict[str, Text] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    readonly: set[str] = field(default_factory=set)
    required: set[str] = field(default_factory=set)
    rows: dict[str, list[Work]] = field(default_factory=dict)
    #: The ids of the rows that are stored, by subform.
    before_ids: dict[str, list[int]] = field(default_factory=dict)
    #: Subforms whose rows the writer gave: those not among ``rows`` any more are to be deleted.
    written_rows: set[str] = field(default_factory=set)
    violations: list[Violation] = field(default_factory=list)

    @property
    def children(self) -> list[Work]:
        """The rows of all subforms."""
        return [child for rows in self.rows.values() for child in rows]

    @property
    def errors(self) -> bool:
        """True when something keeps the record from being stored."""
        return any(violation.level == "error" for violation in self.violations)

    def changed(self, key: str) -> bool:
        """Return whether ``key`` differs from what is stored."""
        before = self.before.values.get(key) if self.before else None
        return bool(self.values.get(key) != before)


def work_out(
    plan: EntityPlan,
    context: Context,
    given: Input,
    *,
    before: StoredRecord | None = None,
    before_rows: Mapping[str, Sequence[StoredRecord]] | None = None,
    changed: str = "",
    form: Form | None = None,
    closed: frozenset[str] = frozenset(),
) -> Work:
    """Return the record that ``given`` makes of ``before`` (None: a new one), worked out and judged.

    ``changed`` names the field a person changed last (``lines.<row>.product`` in a row): values copied from a
    reference follow it even where something stands already. Fields that are ``closed`` to the writer are answered
    like fields that do not exist. What only the database can judge (uniqueness,
    references, rights) is not judged here.
    """
    work = _begin(plan, context, given, before, None, closed=closed)
    _begin_rows(work, context, given, before_rows or {}, closed)
    if context.screen is not None:
        context.screen([work, *work.children])
    parts = [(each, _environment(each, context)) for each in (work, *work.children)]
    seen = [_environment(each, context, context.sight) for each in (work, *work.children)]
    places = {id(child): f"{key}.{child.key}." for key, rows in work.rows.items() for child in rows}
    for (each, _), environment in zip(parts, seen, strict=True):
        place = places.get(id(each), "")
        _fill_in(
            each, environment, changed.removeprefix(place) if changed.startswith(place) else ""
        )
    _settle(work, parts, form)
    for each, environment in parts:
        _judge(each, environment, context)
    for key, rows in work.rows.items():
        for child in rows:
            for wrong in child.violations:
                found = Violation(wrong.message, key, child.key, wrong.field, wrong.level)
                work.violations.append(found)
    return work


def look(
    plan: EntityPlan,
    context: Context,
    before: StoredRecord,
    before_rows: Mapping[str, Sequence[StoredRecord]],
) -> Work:
    """Return a stored record as a page shows it: what is hidden and what is read-only; nothing is changed or judged."""
    work = _begin(plan, context, Input(), before, None)
    _begin_rows(work, context, Input(), before_rows, frozenset())
    for each in (work, *work.children):
        _conditions(each, _environment(each, context), None)
    return work


def _settle(work: Work, parts: Sequence[tuple[Work, Environment]], form: Form | None) -> None:
    """Compute and hide until nothing changes any more: what is cleared may hide and change something else.

    Rows come before the record they belong to, whose totals read them. Each round clears a field, so it ends.
    """
    bottom_up = [*parts[1:], parts[0]]
    cleared = True
    while cleared:
        cleared = False
        for each, environment in bottom_up:
            _compute(each, environment)
            _conditions(each, environment, form if each is work else None)
            if _clear_hidden(each):
                cleared = True
    for each, _ in parts:
        _refuse_out_of_place(each)


def _environment(work: Work, context: Context, lookup: Lookup | None = None) -> Environment:
    old: Row | None = None
    if work.before is not None:
        old = ValuesRow(work.plan.entity, work.before.values, work.before)
    return (lookup or context.lookup).environment(work.row, old=old)


def present(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``values`` without the empty ones."""
    return {key: value for key, value in values.items() if value is not None and value != ()}


# --- values ---------------------------------------------------------------------------------------------------------


def _begin(
    plan: EntityPlan,
    context: Context,
    given: Input,
    before: StoredRecord | None,
    parent: Row | None,
    key: str = "",
    closed: frozenset[str] = frozenset(),
) -> Work:
    values = present(before.values) if before is not None else dict(plan.defaults)
    row = ValuesRow(plan.entity, values, before, parent)
    row.computer = context.lookup.compute
    work = Work(plan, row, before, values, key)
    reader = context.reader
    for name, raw in given.values.items():
        if (
            given.parsed
            and name in plan.free
            and name not in closed
            and raw is not None
            and raw.__class__ is not Typed
        ):
            values[name] = raw
            work.given.add(name)
            continue
        field_ = plan.fields.get(name) if name not in closed else None
        if field_ is None:
            work.violations.append(Violation(say("There is no field '%(name)s' here.", name=name)))
            continue
        if (
            before is not None
            and isinstance(raw, Typed)
            and _is_untouched(field_, raw, values.get(name), reader)
        ):
            continue
        try:
            if isinstance(raw, Typed):
                value = field_.type.parse_many(field_, raw.texts, reader)
            elif given.parsed or raw is None:
                value = raw
            else:
                value = field_.type.accept(field_, raw)
        except ValueProblem as problem:
            work.violations.append(Violation(problem.text, name))
            if isinstance(raw, Typed):
                work.typed[name] = raw.texts
            values.pop(name, None)
            work.given.add(name)
            continue
        _take(work, context, field_, value)
    return work


def _is_untouched(field_: Field, raw: Typed, stored: Any, reader: Reader) -> bool:
    """Return whether a text is what the form showed: what is not touched keeps its finer digits, and its lost type."""
    if len(raw.texts) != 1 or stored is None or field_.target or field_.type.many:
        return False
    return raw.texts[0] == field_.type.format_input(field_, stored, reader)


def _take(work: Work, context: Context, field_: Field, value: Any) -> None:
    """Put one given value in place, or say why it may not be given."""
    name = field_.key
    current = work.values.get(name)
    if (
        field_.sequence
        and work.before is None
        and context.channel in _BRINGS_NUMBERS
        and value is not None
    ):
        work.values[name] = value
        return
    settled = not field_.writable or (
        field_.immutable and work.before is not None and current is not None
    )
    if settled:
        if value != current and not field_.computed and (value is not None or field_.immutable):
            work.violations.append(Violation(NOT_WRITABLE, name))
        return
    work.given.add(name)
    if value is None or value == ():
        work.values.pop(name, None)
    else:
        work.values[name] = value


def _begin_rows(
    work: Work,
    context: Context,
    given: Input,
    before_rows: Mapping[str, Sequence[StoredRecord]],
    closed: frozenset[str],
) -> None:
    unknown = [key for key in given.rows if key in closed or key not in work.plan.children]
    work.violations += [
        Violation(say("There is no field '%(name)s' here.", name=key)) for key in unknown
    ]
    for subform in work.plan.subforms:
        key = subform.key
        stored = {record.id: record for record in before_rows.get(key, ())}
        work.before_ids[key] = list(stored)
        plan = work.plan.children[key]
        rows: list[Work] = []
        if key in given.rows and key not in closed:
            work.written_rows.add(key)
            for row in given.rows[key]:
                record = stored.get(parse_id(row.key) or 0)
                rows.append(_begin(plan, context, Input(row.values), record, work.row, row.key))
        else:
            rows.extend(
                _begin(plan, context, Input(), record, work.row, format_id(record.id))
                for record in stored.values()
            )
        work.rows[key] = rows
        work.row.children[key] = [child.row for child in rows]


def _fill_in(work: Work, environment: Environment, changed: str) -> None:
    """Set what nobody gave: computed defaults of a new record, then copies from records that were chosen."""
    values = work.values
    if work.before is None:
        for key, evaluator in work.plan.default_from:
            if key not in work.given and key not in values:
                _set(work, work.plan.fields[key], evaluator, environment)
                if isinstance(found := values.get(key), datetime):
                    values[key] = found.replace(second=0, microsecond=0)  # a form asks for minutes
    for field_, evaluator in work.plan.fills:
        if _fill_applies(work, field_, changed):
            _set(work, field_, evaluator, environment)


def _fill_applies(work: Work, field_: Field, changed: str) -> bool:
    fill = field_.fill_from
    if fill is None or field_.key in work.typed:
        return False
    match fill.when:
        case "always":
            return True
        case "empty":
            return work.values.get(field_.key) is None
        case _ if changed in fill.triggers:
            return True
    return work.values.get(field_.key) is None and any(
        work.values.get(trigger) is not None and (work.before is None or work.changed(trigger))
        for trigger in fill.triggers
    )


def _compute(work: Work, environment: Environment) -> None:
    for field_, evaluator in work.plan.computes:
        _set(work, field_, evaluator, environment)


def _set(work: Work, field_: Field, evaluator: Evaluator, environment: Environment) -> None:
    """Give ``field_`` the value of an expression; one that cannot be worked out leaves it empty."""
    work.unfit.pop(field_.key, None)
    try:
        value = evaluator(environment)
        if isinstance(value, Decimal) and field_.compute is not None:
            value = round_to(value, field_)
        value = None if value is None else field_.type.accept(field_, value)
    except LostExpression:
        return  # what was worked out while everything was there stays
    except EvaluationError:
        value = None
    except BudgetExceeded as exceeded:
        value = None
        work.unfit[field_.key] = exceeded.text
    except ValueProblem as problem:
        value = None
        if field_.computed:
            work.unfit[field_.key] = problem.text
    if value is None:
        work.values.pop(field_.key, None)
    else:
        work.values[field_.key] = value


def round_to(value: Decimal, field_: Field) -> Decimal:
    """Return ``value`` at the scale of ``field_``, halves away from zero as on an invoice."""
    try:
        return value.quantize(Decimal(1).scaleb(-field_.scale), ROUND_HALF_UP)
    except InvalidOperation:
        raise ValueProblem(say("The result has too many digits.")) from None


# --- what is shown, asked for and allowed ---------------------------------------------------------------------------


def _conditions(work: Work, environment: Environment, form: Form | None) -> None:
    """Work out what is visible, read-only and required."""
    plan = work.plan
    work.hidden = {key for key, evaluator in plan.visible_when if not holds(evaluator, environment)}
    work.readonly = {key for key, evaluator in plan.readonly_when if holds(evaluator, environment)}
    work.required = {key for key, evaluator in plan.required_when if holds(evaluator, environment)}
    work.required.update(plan.required)
    if form is not None:
        _conditions_of_layout(work, form.layout, environment)


def _clear_hidden(work: Work) -> bool:
    """Empty the hidden fields that ask for it; return whether there were any."""
    gone = [
        key
        for key in work.hidden & work.values.keys()
        if (field_ := work.plan.fields.get(key)) is not None and field_.on_hide == "clear"
    ]
    for key in gone:
        del work.values[key]
    return bool(gone)


def _refuse_out_of_place(work: Work) -> None:
    """Add a violation for what was given where nothing may be given now."""
    for key in work.hidden & work.given:
        field_ = work.plan.fields.get(key)
        if (
            field_ is not None
            and field_.on_hide == "reject"
            and key in work.values
            and work.changed(key)
        ):
            message = say("This field does not apply here; leave it empty.")
            work.violations.append(Violation(message, key))
    for key in work.readonly:
        if (key in work.given and work.changed(key)) or (
            key in work.written_rows and rows_differ(work, key)
        ):
            work.violations.append(Violation(NOT_WRITABLE, key))


def rows_differ(work: Work, key: str) -> bool:
    """Return whether the rows of a subform differ from those that are stored: added, removed, moved or changed."""
    rows = work.rows[key]
    if [row.before.id if row.before else None for row in rows] != work.before_ids.get(key, []):
        return True
    return any(row.before is not None and row.values != present(row.before.values) for row in rows)


def _conditions_of_layout(
    work: Work,
    nodes: Sequence[Node],
    environment: Environment,
    *,
    hidden: bool = False,
    readonly: bool = False,
) -> None:
    """Add what the parts of a form say about the fields inside them."""
    for node in nodes:
        away = hidden or not condition_holds(node.visible_when, environment)
        locked = readonly or (
            node.readonly_when is not None and holds(prepare(node.readonly_when), environment)
        )
        if node.field:
            if away:
                work.hidden.add(node.field)
            if locked:
                work.readonly.add(node.field)
            if node.required:
                work.required.add(node.field)
        _conditions_of_layout(work, node.items, environment, hidden=away, readonly=locked)


def holds(evaluator: Evaluator, environment: Environment) -> bool:
    """Return whether a condition is true; null, and what cannot be worked out, count as false."""
    try:
        return evaluator(environment) is True
    except EvaluationError:
        return False


# --- what is wrong --------------------------------------------------------------------------------------------------


def _judge(work: Work, environment: Environment, context: Context) -> None:
    """Collect everything that is wrong: limits of types, what is missing, rules."""
    values, plan = work.values, work.plan
    before = work.before.values if work.before is not None else None
    for key, value in values.items():
        checks = plan.checks.get(key, ())
        if before is not None and before.get(key) == value:
            continue  # an old value stays acceptable when a limit has been narrowed since
        for check in checks:
            wrong = check(value)
            if wrong is not None:
                work.violations.append(Violation(wrong, key))
                break
    work.violations.extend(Violation(wrong, key) for key, wrong in work.unfit.items())
    for key in work.required:
        if is_missing(work, key) and not (
            key in work.hidden or key in work.typed or key in work.refused
        ):
            work.violations.append(Violation(REQUIRED, key))
    for subform in plan.subforms:
        wrong = _row_limits(work, subform)
        if wrong is not None:
            work.violations.append(Violation(wrong, subform.key))
    for ready in plan.rules:
        _apply(ready, work, environment, context)


def is_missing(work: Work, key: str) -> bool:
    """Return whether a required field has no value (for a subform: no rows)."""
    if key in work.rows:
        return not work.rows[key]
    return work.values.get(key) in (None, "", ())


def _checks(field_: Field) -> tuple[Check, ...]:
    """Return what has to be asked of a value of ``field_``: most types and fields ask nothing."""
    checks: list[Callable[[Field, Any], Text | None]] = []
    if type(field_.type).check is not FieldType.check:
        checks.append(field_.type.check)
    if (
        field_.exclusive_minimum,
        field_.exclusive_maximum,
        field_.multiple_of,
        field_.min_items,
        field_.max_items,
    ) != (None,) * 5:
        checks.append(_limits)
    return tuple(partial(check, field_) for check in checks)


def _limits(field_: Field, value: Any) -> Text | None:
    """Judge the limits that mean the same for every type."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        if field_.exclusive_minimum is not None and value <= field_.exclusive_minimum:
            return say("The value must be greater than %(limit)s.", limit=field_.exclusive_minimum)
        if field_.exclusive_maximum is not None and value >= field_.exclusive_maximum:
            return say("The value must be less than %(limit)s.", limit=field_.exclusive_maximum)
        if field_.multiple_of is not None and value % field_.multiple_of != 0:
            return say("The value must be a multiple of %(step)s.", step=field_.multiple_of)
    elif isinstance(value, tuple):
        return _count_limits(field_, len(value))
    return None


def _row_limits(work: Work, subform: Field) -> Text | None:
    if subform.key not in work.written_rows or subform.key in work.hidden:
        return None
    return _count_limits(subform, len(work.rows[subform.key]))


def _count_limits(field_: Field, count: int) -> Text | None:
    if field_.min_items is not None and count < field_.min_items:
        return say("At least %(limit)s entries are needed.", limit=field_.min_items)
    if field_.max_items is not None and count > field_.max_items:
        return say("At most %(limit)s entries are possible.", limit=field_.max_items)
    return None


def _apply(ready: _Rule, work: Work, environment: Environment, context: Context) -> None:
    rule = ready.rule
    if context.channel in rule.skip_for or rule.at in work.typed:
        return
    try:
        if ready.when is not None and ready.when(environment) is not True:
            return
        kept = (
            ready.assertion(environment) is not False
        )  # null counts as kept: presence is what `required` is for
    except EvaluationError as error:
        work.violations.append(Violation(error.text, rule.at))
        return
    except FormwrightError as error:
        work.violations.append(Violation(error.text, rule.at))
        return
    if not kept:
        work.violations.append(Violation(rule.message, rule.at, level=rule.level))


def condition_holds(checked: Checked | None, environment: Environment) -> bool:
    """Return whether an optional condition is true; none is always true."""
    return checked is None or holds(prepare(checked), environment)
