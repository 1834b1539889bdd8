"""Why somebody may or may not do something: which grants and guards decided, in words.

The answer is worked out by the conditions that the gate itself uses, with the person in question in place of ``me``.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from formwright.definitions.model import Action, Grant, Guard
from formwright.engine.access import PARENT_ACTION
from formwright.engine.explain_fields import answer_field
from formwright.engine.explain_question import (
    SEEN,
    SHARED,
    USER,
    WHOLE,
    Question,
    may_explain,
)
from formwright.engine.explained import Explanation, Finding, Point, RoleAnswer
from formwright.engine.gate import NO_SUCH_RECORD
from formwright.engine.words import ACTIONS, Words, joined
from formwright.errors import NotFound
from formwright.texts import Text, say

__all__ = ["explain", "may_explain"]

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit


def explain(
    unit: Unit,
    user: int,
    action: Action,
    entity: str,
    record_id: int | None = None,
    field: str | None = None,
) -> Explanation:
    """Say why a person may do ``action``, or not: on any record of an entity, on one record, with one of its fields.

    Whoever looks after users may ask about everybody. Others may ask about themselves, and are told of records and
    fields that they see; the rest is answered like what does not exist.
    """
    return _Answering(unit, user, action, entity, record_id, field).answer()


class _Answering(Question):
    """Works the answer to a question out."""

    # --- the answer -------------------------------------------------------------------------------------------

    def answer(self) -> Explanation:
        """Return the explanation."""
        if self.record_id is not None and self.seen is None and not self.everything:
            raise NotFound(NO_SUCH_RECORD)
        allowed, because = self._decide()
        return Explanation(
            person=self.name,
            action=self.action,
            entity=self.entity,
            record=self.title,
            allowed=allowed,
            verdict=self._verdict(allowed),
            because=tuple(because),
            roles=tuple(self._role_answers),
            guards=tuple(self._guard(each) for each in self._applying()),
            field=answer_field(self)
            if self.field is not None and (self.record_id is None or self.record)
            else None,
            follows=self._followed(),
        )

    def _decide(self) -> tuple[bool | None, list[Words]]:
        """Return whether it is allowed, and what is to be said about it first."""
        gone = self._gone()
        if gone:
            return False, gone
        allowed = self.passes(WHOLE, self.scope)
        because: list[Words] = []
        if not self._active:
            allowed = False
            because.append(
                say("%(person)s cannot log in: the account is not active.", person=self.name)
            )
        if allowed is not True or self.record is not None:
            because += self._reasons(allowed)
        if self.record is not None and not self.passes(SEEN, self.scope_of(Action.READ)):
            allowed = False
            if self.action is not Action.READ:
                because.append(say("%(person)s does not even see it.", person=self.name))
        if self.record is not None and self.seen is None:
            because.append(say("You may not see this record yourself, so no values are shown."))
        return allowed, because

    @cached_property
    def _active(self) -> bool:
        if self.user == self.unit.actor.id:
            return True  # somebody who asks has logged in
        record = self.unit.gate.judged(USER, self.user)
        return record is not None and bool(record.values.get("active"))

    def _gone(self) -> list[Words]:
        if self.record_id is None or self.record is not None:
            return []
        if self.dead is None:
            return [say("There is no such record: it never was, or it was deleted for good.")]
        found: list[Words] = [
            say("The record is in the trash. There it is seen only by those who may restore it.")
        ]
        if self.person.access.allows(Action.RESTORE, self.person.lookup.wrap(self.dead.record)):
            found.append(say("%(person)s may restore it.", person=self.name))
        return found

    def _reasons(self, allowed: bool | None) -> list[Words]:
        """Return in a few sentences what decided: the grants that reach it, or why none does, and guards."""
        reaching = [each for role in self._role_answers for each in role.grants if each.holds]
        stopping = [
            each for guard in self._applying() if (each := self._guard(guard)).holds is False
        ]
        found: list[Words] = []
        if allowed and reaching:
            names = joined([each.name for each in reaching], say("%(left)s, %(right)s"))
            found.append(say("Allowed by: %(grants)s.", grants=names))
        elif stopping and reaching:
            found += [
                say("The guard %(name)s forbids it: %(text)s", name=each.name, text=each.text)
                for each in stopping
            ]
        elif not self.grants and not self._follows and not self._by_name:
            found.append(self._nobody_grants())
        elif not reaching and self.record is not None:
            found += [
                say("%(grant)s does not reach it: %(why)s.", grant=each.name, why=point.text)
                for role in self._role_answers
                for each in role.grants
                for point in each.points
                if point.holds is False
            ]
            found += self._facts_against()
        if self._by_name:
            found.append(
                say(
                    "Whoever is logged in knows the names of the others, and nothing else about them."
                )
            )
        return found

    def _facts_against(self) -> list[Words]:
        """Return the values for which the grants do not reach the record, each once."""
        found: list[Words] = []
        for role in self._role_answers:
            for point in (point for each in role.grants for point in each.points):
                found += [fact for fact in point.facts if not point.holds and fact not in found]
        return found

    def _nobody_grants(self) -> Text:
        action = ACTIONS[self.action]
        if not self.everything:
            return say(
                "None of your roles lets you %(action)s %(entity)s.",
                action=action,
                entity=self.entity.title,
            )
        catalog = self.unit.catalog
        known = catalog.grants_by.get((self.entity.name, self.action), ())
        others: list[Words] = []
        for grant in known:
            role = catalog.roles.get(grant.role)
            if role is not None and role.title not in others:
                others.append(role.title)
        if not others:
            return say(
                "No role at all lets anybody %(action)s %(entity)s.",
                action=action,
                entity=self.entity.title,
            )
        return say(
            "No role of %(person)s has a grant for it. Roles that have one: %(roles)s.",
            person=self.name,
            roles=joined(others, say("%(left)s, %(right)s")),
        )

    def _verdict(self, allowed: bool | None) -> Text:
        places = {"person": self.name, "action": ACTIONS[self.action], "what": self.what}
        if self.record_id is not None or allowed is True:
            if allowed:
                if self.record_id is None:
                    return say("%(person)s may %(action)s every %(what)s.", **places)
                return say("%(person)s may %(action)s %(what)s.", **places)
            return say("%(person)s may not %(action)s %(what)s.", **places)
        if allowed is None:
            return say(
                "%(person)s may %(action)s %(what)s in some cases; it depends on the record.",
                **places,
            )
        return say("%(person)s may not %(action)s any %(what)s.", **places)

    # --- grants and guards ------------------------------------------------------------------------------------

    @cached_property
    def _role_answers(self) -> list[RoleAnswer]:
        roles = self.unit.catalog.roles
        return [
            RoleAnswer(
                role, roles[role].title, through,
                tuple(self._grant(grant) for grant in self.grants if grant.role == role),
            )
            for role, through in self.roles.items()
        ]  # fmt: skip

    def _grant(self, grant: Grant) -> Finding:
        points = self._points(grant)
        limits = [point.holds for point in points]
        shared = self._share(grant)
        own = False if False in limits else None if None in limits else True
        if shared is not None and not self.ended(grant):
            points.append(shared)
            own = True if own or shared.holds else own if own is None else shared.holds
        if not points:
            points = [Point(say("every record"), True)]
        return Finding(grant.name, grant.description, own, tuple(points))

    def _points(self, grant: Grant) -> list[Point]:
        points = []
        if grant.until is not None:
            words = (
                say("it ended on %(day)s") if self.ended(grant) else say("it holds until %(day)s")
            )
            points.append(
                Point(say(words.message, day=grant.until.isoformat()), not self.ended(grant))
            )
        if grant.scope is not None:
            text, facts = self.facts.condition(grant.scope)
            text = say("only where %(condition)s", condition=text)
            points.append(Point(text, self.holds((grant.name, "scope")), facts))
        if grant.states:
            text, facts = self.facts.states(grant.states)
            points.append(Point(text, self.holds((grant.name, "states")), facts))
        if grant.via:
            text, facts = self.facts.via(grant.via, self.name)
            points.append(Point(text, self.holds((grant.name, "via")), facts))
        return points

    def _share(self, grant: Grant) -> Point | None:
        if not grant.limited or SHARED not in self.conditions or self.held is None:
            return None
        text = say("it is shared with %(person)s or a team of theirs", person=self.name)
        return Point(text, SHARED in self.held)

    def _applying(self) -> list[Guard]:
        return self.person.access.guards(self.action, self.entity.name)

    def _guard(self, guard: Guard) -> Finding:
        condition, facts = self.facts.condition(guard.scope)
        holds = self.holds(("guard", guard.name))
        text: Words = guard.message or guard.description or condition
        point = Point(say("only where %(condition)s", condition=condition), holds, facts)
        return Finding(guard.name, text, holds, (point,))

    # --- what it follows --------------------------------------------------------------------------------------

    @property
    def _follows(self) -> bool:
        return self.person.access.follows(self.entity)

    @property
    def _by_name(self) -> bool:
        """True where nothing but the name of a user is known, by nobody's grant."""
        reading = self.action is Action.READ and self.entity.name == USER
        return reading and not self.person.access.standing(self.action, USER).profiles

    def _followed(self) -> Explanation | None:
        if not self._follows or (self.record_id is not None and self.record is None):
            return None
        parent = self.record.parent_id if self.record is not None else None
        action = PARENT_ACTION.get(self.action, self.action)
        return _Answering(self.unit, self.user, action, self.entity.parent, parent, None).answer()
