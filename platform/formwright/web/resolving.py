"""References that were typed instead of picked: without scripts, or in a hurry."""

from __future__ import annotations

from collections.abc import Sequence

from formwright.engine import reading
from formwright.engine.drafts import Violation
from formwright.engine.reading import Choice
from formwright.engine.runtime import Unit
from formwright.ids import format_id
from formwright.store.rows import StoredRecord
from formwright.texts import say
from formwright.web.controls import Control
from formwright.web.drawn import Item
from formwright.web.forms import FormPlan, Sent

_MOST = 20


def resolve(
    unit: Unit,
    plan: FormPlan,
    sent: Sent,
    record: StoredRecord | None,
    *,
    only: str | None = None,
    offer: bool = True,
) -> list[Violation]:
    """Find the records that were typed by name, and return what is wrong where that is not one record.

    Then the input is to ``offer`` the matches, so that the form can be sent again with one of them. ``only`` is the
    path of the one input to look at.
    """
    missing = []
    for subform, row, control in sent.all_controls():
        field = control.definition
        path = f"{subform}.{row}.{field.key}" if subform else field.key
        if (
            not field.target
            or not control.search
            or (only is not None and only != path)
            or _is_picked(control)
        ):
            continue
        found = reading.pick(
            unit, plan.entity.name, field.key, control.search, sent.input(),
            record=record, subform=subform, row_key=row, limit=_MOST,
        )  # fmt: skip
        chosen = _the_one(found, control.search)
        if chosen is not None:
            control.texts = (*(text for text in control.texts if text), format_id(chosen.id))
            control.search = ""
            continue
        if offer:
            control.matches = [Item(format_id(each.id), each.title, each.detail) for each in found]
        text = (
            say("Choose one of these.")
            if found
            else say("No record is called “%(text)s”.", text=control.search[:60])
        )
        place = (subform, row, field.key) if subform else (field.key, "", "")
        missing.append(Violation(text, *place))
    return missing


def _is_picked(control: Control) -> bool:
    """Tell whether the text beside a picked record is only its title."""
    several = control.definition.multiple or control.definition.type.many
    return not several and any(control.texts)


def _the_one(found: Sequence[Choice], text: str) -> Choice | None:
    same = [choice for choice in found if choice.title.casefold() == text.casefold()]
    if len(same) == 1:
        return same[0]
    return found[0] if len(found) == 1 else None
