"""Changing rights here: a grant by its form, all local changes by their text; looked at first, then published."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response as BaseResponse

from formwright.definitions.model import Entity, Grant
from formwright.definitions.overlays import LOCAL
from formwright.engine import local_rights
from formwright.engine import matrix as engine
from formwright.engine.local_rights import Proposal
from formwright.engine.runtime import Unit
from formwright.errors import Conflict, DefinitionErrors, FormwrightError, NotFound
from formwright.texts import say
from formwright.web import current, respond
from formwright.web.access import LOGIN, declare
from formwright.web.notes import Note
from formwright.web.rights import crumbs, role_title
from formwright.web.rights_form import GrantForm, Wanted, attributes, empty, form_of, read

blueprint = declare(Blueprint("rights_changes", __name__), LOGIN)


@dataclass(frozen=True, slots=True)
class Preview:
    """What publishing would do."""

    changes: Sequence[str]
    people: Sequence[str]
    text: str
    digest: str
    reset: bool


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Everything that a page to change rights draws."""

    heading: str
    url: str
    back_url: str
    revision: int
    note: str
    problems: Sequence[str]
    preview: Preview | None
    #: The form of one grant; None where the whole text is changed.
    form: GrantForm | None = None
    text: str = ""
    may_reset: bool = False
    is_local: bool = False


@blueprint.route("/rights/grants/<name>", methods=["GET", "POST"])
def grant(name: str) -> BaseResponse:
    """Change what is different about a grant here, or a grant of our own."""
    unit = current.unit()
    engine.require(unit)
    found = local_rights.grant_of(unit.catalog, name)
    if found is None:
        raise NotFound(say("There is no such grant."))
    entity = unit.entity(found.entity)
    is_local, enabled = found.package == LOCAL, found in unit.catalog.grants
    wanted = read(entity) if request.method == "POST" else form_of(entity, found, enabled=enabled)

    def text(unit: Unit) -> str:
        if _is_reset():
            return local_rights.with_grant_changed(unit, name, {})
        base = local_rights.as_packaged(unit, name)
        changes = _changes(unit, entity, found, base, wanted, is_local=is_local)
        return local_rights.with_grant_changed(unit, name, changes)

    language = unit.reader.language
    role = unit.catalog.roles[found.role]
    heading = say(
        "Grant %(name)s: %(role)s and “%(entity)s”",
        name=found.key,
        role=role_title(unit.catalog, role, language),
        entity=entity.title_plural,
    )
    return _flow(
        text,
        heading=heading.in_language(language),
        url=f"/rights/grants/{name}",
        back_url=f"/rights/roles/{found.role}/{found.entity}",
        form=wanted.drawn(language),
        may_reset=bool(found.overlaid) or is_local,
        is_local=is_local,
        note=str(local_rights.changes_of(unit, name).get("note", "")),
    )


@blueprint.route("/rights/new", methods=["GET", "POST"])
def new() -> BaseResponse:
    """Add a grant of our own to a role."""
    unit = current.unit()
    engine.require(unit)
    role_name, entity_name = request.args.get("role", ""), request.args.get("entity", "")
    role, entity = unit.catalog.roles.get(role_name), unit.entity(entity_name)
    if role is None:
        raise NotFound(say("There is no such role."))
    wanted = read(entity) if request.method == "POST" else empty(entity)

    def text(unit: Unit) -> str:
        given = {"role": role_name, "entity": entity_name, **attributes(entity, wanted)}
        return local_rights.with_grant_added(unit, _free_key(unit, role.key, entity.key), given)

    language = unit.reader.language
    heading = say(
        "New grant: %(role)s and “%(entity)s”",
        role=role_title(unit.catalog, role, language),
        entity=entity.title_plural,
    )
    return _flow(
        text,
        heading=heading.in_language(language),
        url=f"/rights/new?role={role_name}&entity={entity_name}",
        back_url=f"/rights/roles/{role_name}/{entity_name}",
        form=wanted.drawn(language),
        is_local=True,
    )


@blueprint.route("/rights/local", methods=["GET", "POST"])
def local() -> BaseResponse:
    """Change the text of all local changes."""
    unit = current.unit()
    engine.require(unit)
    shown = request.form.get("text", "").replace("\r\n", "\n") or local_rights.text_of(unit)
    return _flow(
        lambda _unit: shown,
        heading=say("Local changes as text").in_language(unit.reader.language),
        url="/rights/local",
        back_url="/rights",
        text_shown=shown,
    )


def _is_reset() -> bool:
    """Return whether the grant is to be as its package has it: asked for, or looked at and now to be published."""
    asked = request.form.get("_do")
    return asked == "reset" or (asked == "publish" and "reset" in request.form)


def _free_key(unit: Unit, role: str, entity: str) -> str:
    taken = {each.name for each in (*unit.catalog.grants, *unit.catalog.disabled)}
    key, number = f"{role}_{entity}"[:55], 2
    free = key
    while f"{LOCAL}.{free}" in taken:
        free, number = f"{key}_{number}", number + 1
    return free


def _changes(
    unit: Unit,
    entity: Entity,
    found: Grant,
    base: Grant | None,
    wanted: Wanted,
    *,
    is_local: bool,
) -> Mapping[str, Any]:
    """Return the attributes to write: those that differ from the package's, or all of a grant of our own."""
    before = local_rights.changes_of(unit, found.name)
    given = attributes(entity, wanted)
    if is_local:
        return _kept(before, "role", "entity", "via", "states") | given
    as_it_was = attributes(entity, form_of(entity, base, enabled=True)) if base is not None else {}
    changed = _kept(before, "via", "states")
    changed |= {key: value for key, value in given.items() if as_it_was.get(key) != value}
    # What the package says and is not wanted here has to be said away.
    changed |= {key: value for key, value in _OPEN.items() if key in as_it_was and key not in given}
    if not wanted.enabled:
        changed["enabled"] = False
    note = request.form.get("note", "").strip()
    return changed | {"note": note} if note and changed else changed


def _kept(before: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: before[key] for key in keys if key in before}


#: What stands for no limit.
_OPEN: Mapping[str, Any] = {"scope": "all", "fields": {}, "until": "9999-12-31"}


def _flow(
    make: Callable[[Unit], str],
    *,
    heading: str,
    url: str,
    back_url: str,
    form: GrantForm | None = None,
    text_shown: str = "",
    may_reset: bool = False,
    is_local: bool = False,
    note: str = "",
) -> BaseResponse:
    """Show the form; look at what was sent; publish what was looked at before, word for word."""
    unit = current.unit()
    language = unit.reader.language
    problems: list[str] = []
    preview = None
    revision = request.form.get("revision", type=int) or unit.catalog.revision
    if request.method == "POST":
        try:
            text = make(unit)
            proposal = local_rights.propose(unit, text)
            preview = _preview(proposal, language)
            if (
                request.form.get("checked") == preview.digest
                and request.form.get("_do") == "publish"
            ):
                return _publish(text, revision, back_url)
        except DefinitionErrors as wrong:
            problems = [each.in_language(language) for each in wrong.problems]
        except Conflict as conflict:
            problems, revision = (
                [conflict.text.in_language(language)],
                current.unit().catalog.revision,
            )
        except FormwrightError as refused:
            problems = [refused.text.in_language(language)]
    page = ChangePage(
        heading=heading,
        url=url,
        back_url=back_url,
        revision=revision,
        note=request.form.get("note", note),
        problems=problems,
        preview=preview,
        form=form,
        text=text_shown,
        may_reset=may_reset,
        is_local=is_local,
    )
    status = 422 if problems else 200
    return respond.page("rights/change.html", status, page=page, crumbs=crumbs(language))


def _preview(proposal: Proposal, language: str) -> Preview:
    return Preview(
        [change.text.in_language(language) for change in proposal.plan.changes.changes],
        [each.in_language(language) for each in proposal.plan.rights],
        proposal.text,
        hashlib.sha256(proposal.text.encode()).hexdigest(),
        _is_reset(),
    )


def _publish(text: str, revision: int, back_url: str) -> BaseResponse:
    actor, language = current.actor(), current.language()
    note = request.form.get("note", "").strip()
    current.release()
    local_rights.publish(current.runtime(), actor, text, seen=revision, note=note)
    return respond.moved(
        back_url, Note(say("Published; it counts from now on.").in_language(language))
    )
