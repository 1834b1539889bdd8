"""Differences between two versions of a field, and what they mean for its values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields as attributes_of
from dataclasses import is_dataclass
from typing import Any

from formwright.definitions.effects import Change, Effect, Kind, Touched
from formwright.definitions.model import Entity, Field
from formwright.expressions.checked import Checked
from formwright.expressions.templates import Template
from formwright.fieldtypes.base import FieldType
from formwright.texts import Label, say

# From -> to types whose stored values are read alike.
_ALIKE = frozenset(
    {
        ("text", "long_text"), ("text", "rich_text"), ("long_text", "rich_text"), ("choice", "text"), ("choice", "long_text"), ("email", "text"), ("email", "long_text"),
        ("url", "text"), ("url", "long_text"), ("phone", "text"), ("sequence", "text"), ("choices", "tags"),
        ("image", "file"), ("integer", "rating"), ("rating", "integer"), ("percent", "decimal"), ("decimal", "percent"),
    }
)  # fmt: skip
_LOWER_IS_WIDER = ("minimum", "exclusive_minimum", "min_length", "min_items")
_HIGHER_IS_WIDER = ("maximum", "exclusive_maximum", "max_length", "max_items")


def plain(value: Any) -> Any:
    """Return ``value`` so that two versions of it can be compared: types by name, expressions by their text."""
    match value:
        case FieldType():
            return value.name
        case Checked() | Template():
            return value.source
        case Label():
            return (value.default, tuple(sorted(value.translations.items())))
        case tuple() | list():
            return tuple(plain(item) for item in value)
        case frozenset():
            return tuple(sorted(str(item) for item in value))
        case _ if is_dataclass(value):
            return tuple(
                (each.name, plain(getattr(value, each.name))) for each in attributes_of(value)
            )
        case _ if hasattr(value, "items"):
            return tuple((key, plain(item)) for key, item in value.items())
        case _:
            return value


def added(field: Field, entity: Entity) -> Change:
    """Return the change of a new field in an entity that is there already."""
    text = say(
        "Field “%(field)s” of “%(entity)s” is added.", field=field.title, entity=entity.title
    )
    if (
        field.required
        and field.default is None
        and not (field.default_from or field.fill_from or field.compute)
    ):
        text = say(
            "Required field “%(field)s” of “%(entity)s” is added; the records there are have no value for it.",
            field=field.title,
            entity=entity.title,
        )
        return _change(Kind.ADDED, text, field, Effect.NEEDS_ANSWER, "FW404", Touched.ALL)
    return _change(Kind.ADDED, text, field)


def renamed(old_key: str, field: Field, entity: Entity) -> Change:
    """Return the change of a field that has another key from now on."""
    text = say(
        "Field “%(field)s” of “%(entity)s” is renamed from %(old)s to %(new)s; its values come along.",
        field=field.title,
        entity=entity.title,
        old=old_key,
        new=field.key,
    )
    touched = Touched.NONE if field.type.virtual else Touched.FILLED
    return _change(Kind.RENAMED, text, field, touched=touched)


def removed(field: Field, entity: Entity) -> Change:
    """Return the change of a field that is gone."""
    text = say(
        "Field “%(field)s” of “%(entity)s” is removed, and its values with it.",
        field=field.title,
        entity=entity.title,
    )
    if field.type.virtual or field.computed:
        text = say(
            "Field “%(field)s” of “%(entity)s” is removed; it held nothing of its own.",
            field=field.title,
            entity=entity.title,
        )
        return _change(Kind.REMOVED, text, field)
    return _change(Kind.REMOVED, text, field, Effect.LOSES_DATA, "FW401", Touched.FILLED)


def changed(old: Field, new: Field, entity: Entity) -> Iterator[Change]:
    """Yield the differences between two versions of a field; the last resort is that it is changed."""
    found = [
        change for change in (*_storage(old, new, entity), *_demands(old, new, entity)) if change
    ]
    if not found and plain(old) != plain(new):
        found.append(
            _change(
                Kind.CHANGED,
                say(
                    "Field “%(field)s” of “%(entity)s” is changed.",
                    field=new.title,
                    entity=entity.title,
                ),
                new,
            )
        )
    yield from found


def must_recompute(old: Field | None, new: Field) -> bool:
    """Return whether the stored values of a computed field have to be worked out again."""
    if new.compute is None or not new.stored:
        return False
    return (
        old is None
        or old.compute is None
        or not old.stored
        or old.compute.source != new.compute.source
        or old.scale != new.scale
    )


def _storage(old: Field, new: Field, entity: Entity) -> Iterator[Change]:
    """Yield what makes stored values unreadable or mean something else."""
    names = {"field": new.title, "entity": entity.title}
    if new.computed and old.computed:
        return
    if new.computed and not old.type.virtual:
        text = say(
            "Field “%(field)s” of “%(entity)s” is computed from now on; what was typed is replaced.",
            **names,
        )
        yield _change(Kind.CHANGED, text, new, Effect.LOSES_DATA, "FW402", Touched.FILLED)
    elif old.type.name != new.type.name and (old.type.name, new.type.name) not in _ALIKE:
        text = say(
            "Field “%(field)s” of “%(entity)s” changes its type from %(old)s to %(new)s.",
            old=old.type.name,
            new=new.type.name,
            **names,
        )
        yield _unreadable(text, old, new)
    elif old.target != new.target:
        text = say(
            "Field “%(field)s” of “%(entity)s” refers to %(new)s instead of %(old)s.",
            old=old.target,
            new=new.target,
            **names,
        )
        yield _unreadable(text, old, new)
    elif (old.scale, old.multiple) != (new.scale, new.multiple):
        text = say("Field “%(field)s” of “%(entity)s” is stored in another way.", **names)
        yield _unreadable(text, old, new)
    elif (old.currency, old.currency_from) != (new.currency, new.currency_from):
        text = say(
            "Field “%(field)s” of “%(entity)s” changes its currency; the amounts stay as they are.",
            **names,
        )
        yield _change(Kind.CHANGED, text, new, Effect.NEEDS_ANSWER, "FW402", Touched.FILLED)


def _unreadable(text: Any, old: Field, new: Field) -> Change:
    if old.type.virtual:
        return _change(Kind.CHANGED, text, new)
    return _change(Kind.CHANGED, text, new, Effect.LOSES_DATA, "FW402", Touched.FILLED)


def _demands(old: Field, new: Field, entity: Entity) -> Iterator[Change]:
    """Yield what old values may no longer satisfy."""
    names = {"field": new.title, "entity": entity.title}
    if new.required and not old.required:
        text = say("Field “%(field)s” of “%(entity)s” becomes required.", **names)
        yield _change(Kind.CHANGED, text, new, Effect.NEEDS_ANSWER, "FW404", Touched.EMPTY)
    if new.unique and not old.unique:
        text = say("Field “%(field)s” of “%(entity)s” becomes unique.", **names)
        yield _change(Kind.CHANGED, text, new, Effect.NEEDS_ANSWER, "FW405", Touched.FILLED)
    gone = _options_gone(old, new)
    if gone:
        text = say(
            "Field “%(field)s” of “%(entity)s” loses the options %(options)s.",
            options=", ".join(gone),
            **names,
        )
        yield _change(Kind.CHANGED, text, new, Effect.NEEDS_ANSWER, "FW403", Touched.VALUES, gone)
    if any(_is_narrower(name, old, new) for name in (*_LOWER_IS_WIDER, *_HIGHER_IS_WIDER)) or (
        new.pattern and new.pattern != old.pattern
    ):
        text = say("Field “%(field)s” of “%(entity)s” takes less than before.", **names)
        yield _change(Kind.CHANGED, text, new, Effect.NEEDS_ANSWER, "FW406", Touched.FILLED)


def _options_gone(old: Field, new: Field) -> tuple[str, ...]:
    """Return the values that were offered and mean nothing any more."""
    if not new.options or new.allow_other:
        return ()
    known = {value for option in new.options for value in (option.value, *option.was)}
    return tuple(option.value for option in old.options if option.value not in known)


def _is_narrower(name: str, old: Field, new: Field) -> bool:
    before, after = getattr(old, name), getattr(new, name)
    if after is None or before == after:
        return False
    if before is None:
        return True
    return bool(after > before if name in _LOWER_IS_WIDER else after < before)


def _change(
    kind: Kind,
    text: Any,
    field: Field,
    effect: Effect = Effect.SAFE,
    code: str = "",
    touched: Touched = Touched.NONE,
    values: tuple[str, ...] = (),
) -> Change:
    return Change(kind, text, effect, code, field.entity, field.key, touched, values)
