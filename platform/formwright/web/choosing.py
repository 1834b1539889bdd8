"""Choosing one person, team or record on a page of ours: from a list that is typed into, or without scripts by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import request

from formwright.web.drawn import Item

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Picker:
    """An input of ``widgets/reference.html``; with ``matches``, a list of those that fit what was typed."""

    id: str
    title: str
    pick_url: str
    picked: str = ""
    text: str = ""
    matches: Sequence[Item] = ()
    wrong: bool = False
    described_by: str = ""
    placeholder: str = ""
    required: bool = True
    in_row: bool = False
    visible: bool = True

    @property
    def name(self) -> str:
        """The name under which the choice is sent."""
        return self.id


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, "" for nothing; what was typed; and what fits it when that is not one thing alone."""

    value: str
    typed: str
    matches: Sequence[Item] = ()


def chosen(name: str, find: Callable[[str], Sequence[Item]]) -> Choice:
    """Return what the form at hand has chosen under ``name``; a typed name counts where it fits one thing alone."""
    value = request.form.get(name, "").strip()
    typed = request.form.get(f"{name}~text", "").strip()[:_LONGEST]
    if value or not typed:
        return Choice(value, typed)
    found = find(typed)
    same = [item for item in found if item.title.casefold() == typed.casefold()]
    for fitting in (same, found):
        if len(fitting) == 1:
            return Choice(fitting[0].id, typed)
    return Choice("", typed, found)


def asked() -> str:
    """Return what was typed into a list of choices."""
    return request.form.get("_q", "").strip()[:_LONGEST]
