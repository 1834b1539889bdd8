"""With whom a record is shared: who and how far, since when, sharing it and ending that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, g, request
from werkzeug.wrappers import Response as BaseResponse

from formwright.engine import sharing
from formwright.engine.reading import SHARE_LEVELS
from formwright.engine.runtime import Unit
from formwright.engine.sharing import CannotShare, Grantee, SharedWith
from formwright.ids import format_id, parse_id
from formwright.texts import Text, say
from formwright.web import current, respond, times
from formwright.web.access import LOGIN, declare
from formwright.web.choosing import Choice, Picker, asked, chosen
from formwright.web.drawn import Item
from formwright.web.formpages import Crumb
from formwright.web.notes import Note

blueprint = declare(Blueprint("sharing", __name__), LOGIN)
_KINDS = {"user": say("Person"), "team": say("Team")}


@dataclass(frozen=True, slots=True)
class ShareRow:
    """A share, as the list shows it."""

    name: str
    kind: str
    level: str
    by: str
    when: str
    exact: str
    iso: str
    #: What the button to end it sends.
    who: str


@dataclass(frozen=True, slots=True)
class SharePageView:
    """Everything the page draws."""

    title: str
    url: str
    record_url: str
    picker: Picker
    level: str
    may_edit: bool
    wrong: str
    shares: Sequence[ShareRow]


@blueprint.get("/records/<name>/<number>/share")
def show(name: str, number: str) -> Response:
    """Show with whom a record is shared, and the form to share it further."""
    return _page(name, number)


@blueprint.post("/records/<name>/<number>/share")
def share(name: str, number: str) -> BaseResponse:
    """Share a record; without a clear choice, ask again."""
    unit = current.unit()
    sharing.open_shares(unit, name, parse_id(number) or 0)
    choice = chosen("who", lambda text: _items(unit, text))
    level = request.form.get("level", "read")
    kind, _, grantee = choice.value.partition("-")
    if not choice.value:
        wrong = (
            say("Several have this name; choose one.")
            if choice.matches
            else say("Choose somebody from the list, and how far to share.")
        )
        return _page(name, number, choice, level, wrong, 422)
    actor, language = current.actor(), current.language()
    current.release()
    try:
        sharing.share(
            current.runtime(),
            actor,
            name,
            parse_id(number) or 0,
            kind,
            parse_id(grantee) or 0,
            level,
        )
    except CannotShare as refused:
        return _page(name, number, choice, level, refused.text, 422)
    return respond.moved(
        f"/records/{name}/{number}/share", Note(say("Shared").in_language(language))
    )


@blueprint.post("/records/<name>/<number>/unshare")
def unshare(name: str, number: str) -> BaseResponse:
    """End a share."""
    kind, _, grantee = request.form.get("who", "").partition("-")
    actor, language = current.actor(), current.language()
    current.release()
    sharing.unshare(
        current.runtime(), actor, name, parse_id(number) or 0, kind, parse_id(grantee) or 0
    )
    return respond.moved(
        f"/records/{name}/{number}/share", Note(say("No longer shared").in_language(language))
    )


@blueprint.post("/records/<name>/<number>/share/pick")
def pick(name: str, number: str) -> Response:
    """Answer with the people and teams that a record can be shared with."""
    unit = current.unit()
    sharing.open_shares(unit, name, parse_id(number) or 0)
    return respond.page("records/_choices.html", choices=_items(unit, asked()), list_id="who-list")


def _items(unit: Unit, text: str) -> list[Item]:
    return [_item(unit, each) for each in sharing.candidates(unit, text)]


def _item(unit: Unit, grantee: Grantee) -> Item:
    kind = _KINDS[grantee.kind].in_language(unit.reader.language)
    detail = " · ".join(part for part in (kind, grantee.detail) if part)
    return Item(f"{grantee.kind}-{format_id(grantee.id)}", grantee.title, detail)


def _page(
    name: str,
    number: str,
    choice: Choice | None = None,
    level: str = "read",
    wrong: Text | None = None,
    status: int = 200,
) -> Response:
    unit = current.unit()
    found = sharing.open_shares(unit, name, parse_id(number) or 0)
    g.entity = name
    language, url = unit.reader.language, f"/records/{name}/{number}"
    picker = Picker(
        "who",
        say("Person or team").in_language(language),
        f"{url}/share/pick",
        picked=choice.typed if choice is not None else "",
        text=choice.value if choice is not None else "",
        matches=choice.matches if choice is not None else (),
        wrong=wrong is not None,
        described_by="who-error" if wrong is not None else "",
    )
    page = SharePageView(
        title=found.title,
        url=f"{url}/share",
        record_url=url,
        picker=picker,
        level=level,
        may_edit=found.may_edit,
        wrong=wrong.in_language(language) if wrong is not None else "",
        shares=[_row(unit, each) for each in found.shares],
    )
    plural = unit.entity(name).title_plural.in_language(language)
    crumbs = [Crumb(plural, f"/records/{name}"), Crumb(found.title, url)]
    return respond.page("records/share.html", status, page=page, crumbs=crumbs)


def _row(unit: Unit, shared: SharedWith) -> ShareRow:
    language = unit.reader.language
    return ShareRow(
        name=shared.name,
        kind=_KINDS[shared.kind].in_language(language),
        level=SHARE_LEVELS[shared.level].in_language(language),
        by=shared.by,
        when=times.when(shared.at, unit.now, unit.reader),
        exact=times.exact(shared.at, unit.reader),
        iso=times.iso(shared.at),
        who=f"{shared.kind}-{format_id(shared.id)}",
    )
