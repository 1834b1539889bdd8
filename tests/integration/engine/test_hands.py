"""One masked value in full, sharing single records, and records that change hands."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from formwright.definitions.model import Action
from formwright.engine import handover, packages, reading, revealing, sharing
from formwright.engine.drafts import Accepted, Input
from formwright.engine.gate import Query
from formwright.engine.handover import CannotHandOver
from formwright.engine.records import update
from formwright.engine.sharing import CannotShare
from formwright.errors import Forbidden, NotFound
from formwright.ids import new_id
from formwright.store.audit import EntryFilter

DESK = """
package: {key: desk, title: Desk, version: 1.0.0}
entities:
  client:
    title: Client
    ownership: {owner_field: owner}
    fields:
      name: {type: text, title: Name, required: true, searchable: true}
      phone: {type: phone, title: Phone, mask: last4}
      secret: {type: text, title: Secret}
      city: {type: text, title: City}
      team: {type: reference, to: core.team, title: Team, fill_from: {value: owner.team, when: changed}}
      owner: {type: user, title: Owner, indexed: true}
    rules:
      city_known: {assert: "city != 'Nowhere'", message: There is no such city}
  letter: {title: Letter, fields: {title: {type: text, title: Title}}}
roles:
  rep: {title: Rep}
  boss: {title: Boss}
  lead: {title: Lead}
  other: {title: Other}
grants:
  rep_own: {role: rep, entity: client, actions: [read, create, update, share, transfer, reveal], scope: own, fields: {hide: [secret]}}
  rep_pool: {role: rep, entity: client, actions: [read, assign], scope: pool}
  boss_all: {role: boss, entity: client, actions: [read, update, assign, transfer], fields: {clear: "*"}}
  lead_all: {role: lead, entity: client, actions: [read, share]}
  other_letters: {role: other, entity: letter, actions: [read, assign, transfer]}
guards:
  frozen: {entity: client, scope: "city != 'Frozen'", actions: [transfer]}
"""


@pytest.fixture
def desk(office, tmp_path):
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "package.yaml").write_text(DESK, "utf-8")
    packages.apply_folder(office.runtime, packages.installer(office.runtime.catalog), folder)
    return office


@pytest.fixture
def system(desk):
    return packages.installer(desk.runtime.catalog)


@pytest.fixture
def people(desk, system):
    found = {
        login: desk.person(login, f"desk.{role}", "core.member")
        for login, role in {"ann": "rep", "bob": "rep", "boss": "boss", "lead": "lead", "sue": "other"}.items()
    }  # fmt: skip
    with desk.runtime.unit(system, write=True) as unit:
        for login, role in {"ann": "rep", "bob": "rep", "sue": "other"}.items():
            unit.tx.users.set_roles(found[login].id, [f"desk.{role}", "core.member"], by=None)
    return found


@pytest.fixture
def clients(desk, system, people):
    def client(name, owner=None, **more):
        owner = {"owner": people[owner].id} if owner else {}
        return desk.accept("desk.client", system, name=name, phone="13800138001", **owner, **more).record  # fmt: skip

    return {
        "anna": client("Anna Works", "ann", secret="alpha"),  # noqa: S106 -- a field of the test
        "more": client("More Works", "ann"),
        "bobs": client("Bob Works", "bob"),
        "pool": client("Pool Works"),
    }


def stored(desk, system, record):
    with desk.runtime.unit(system) as unit:
        return unit.gate.find(Action.READ, record.entity, record.id)


def owner(desk, system, record):
    return stored(desk, system, record).values["owner"]


def names(desk, actor):
    with desk.runtime.unit(actor) as unit:
        return {each.values["name"] for each in unit.gate.read(Query("desk.client")).records}


# --- reveal ---------------------------------------------------------------------------------------------------------


def revealed(desk, system):
    with desk.runtime.unit(system) as unit:
        return list(unit.tx.audit.stream(EntryFilter(events=("value_revealed",))))


def test_one_masked_value_is_shown_in_full_and_noted(desk, system, people, clients):
    anna = clients["anna"]
    with desk.runtime.unit(people["ann"]) as unit:
        assert unit.gate.find(Action.READ, "desk.client", anna.id).masks == {"phone": "138****8001"}
    text = revealing.reveal(desk.runtime, people["ann"], "desk.client", anna.id, "phone")
    assert text == "13800138001"
    noted = revealed(desk, system)
    assert [(each.actor, each.entity, each.record, dict(each.details)) for each in noted] == [
        (people["ann"].id, "desk.client", anna.id, {"field": "phone"})
    ]


@pytest.mark.parametrize(
    ("who", "which", "key"),
    [("ann", "anna", "secret"), ("ann", "anna", "name"), ("ann", "anna", "nothing"), ("ann", "bobs", "phone"),
     ("ann", "pool", "phone"), ("lead", "anna", "phone"), ("boss", "anna", "phone"), ("sue", "anna", "phone")],
)  # fmt: skip
def test_everything_else_is_not_there_and_not_noted(desk, system, people, clients, who, which, key):
    with pytest.raises(NotFound) as told:
        revealing.reveal(desk.runtime, people[who], "desk.client", clients[which].id, key)
    assert str(told.value) == "There is no such record, or you may not see it."
    assert revealed(desk, system) == []


def test_what_cannot_be_noted_is_not_shown(desk, people, clients, monkeypatch):
    def full(*_):
        raise OSError("the log is full")

    monkeypatch.setattr(revealing, "note_reveal", full)
    with pytest.raises(OSError, match="full"):
        revealing.reveal(desk.runtime, people["ann"], "desk.client", clients["anna"].id, "phone")


# --- sharing --------------------------------------------------------------------------------------------------------


def share(desk, actor, record, kind, grantee, level="read"):
    sharing.share(desk.runtime, actor, record.entity, record.id, kind, grantee, level)


def test_a_share_opens_the_record_at_once_and_its_end_closes_it(desk, people, clients):
    ann, bob, anna = people["ann"], people["bob"], clients["anna"]
    share(desk, ann, anna, "user", bob.id)
    assert "Anna Works" in names(desk, bob)
    with pytest.raises(NotFound):
        desk.update(bob, anna, city="Wuhan")
    share(desk, ann, anna, "user", bob.id, "edit")
    assert isinstance(desk.update(bob, anna, city="Wuhan"), Accepted)
    sharing.unshare(desk.runtime, ann, "desk.client", anna.id, "user", bob.id)
    assert "Anna Works" not in names(desk, bob)
    with pytest.raises(NotFound):
        sharing.unshare(desk.runtime, ann, "desk.client", anna.id, "user", bob.id)


def test_the_history_says_with_whom_and_how_far(desk, people, clients):
    ann, bob, anna = people["ann"], people["bob"], clients["anna"]
    share(desk, ann, anna, "user", bob.id)
    share(desk, ann, anna, "user", bob.id)
    share(desk, ann, anna, "user", bob.id, "edit")
    sharing.unshare(desk.runtime, ann, "desk.client", anna.id, "user", bob.id)
    with desk.runtime.unit(replace(ann, reader=replace(ann.reader, language="en"))) as unit:
        entries = reading.open_record(unit, "desk.client", anna.id).history
    assert [
        (entry.operation, entry.by, str(line.title), line.before, line.after)
        for entry in entries
        for line in entry.lines
        if entry.operation in {"share", "unshare"}
    ] == [
        ("unshare", "Ann", "Shared with Bob", "may read and change it", "no longer"),
        ("share", "Ann", "Shared with Bob", "may read it", "may read and change it"),
        ("share", "Ann", "Shared with Bob", "", "may read it"),
    ]


def test_a_record_is_shared_only_by_who_may_and_no_further_than_he_may_himself(
    desk, people, clients
):
    anna, bob, lead = clients["anna"], people["bob"], people["lead"]
    for who in ("bob", "boss", "sue"):
        with pytest.raises(NotFound):
            share(desk, people[who], anna, "user", bob.id)
    with pytest.raises(Forbidden):
        share(desk, lead, anna, "user", bob.id, "edit")
    share(desk, lead, anna, "user", bob.id)
    with pytest.raises(NotFound):  # whom it is shared with cannot pass it on
        share(desk, bob, anna, "user", people["sue"].id)


def test_a_share_with_somebody_to_whom_it_is_no_use_says_so(desk, system, people, clients):
    ann, anna = people["ann"], clients["anna"]
    with pytest.raises(CannotShare, match="has no role that works with “Client"):
        share(desk, ann, anna, "user", people["sue"].id)
    team = desk.accept("core.team", system, name="Friends").record
    with pytest.raises(CannotShare, match="Nobody in this team"):
        share(desk, ann, anna, "team", team.id)
    for kind, grantee in (("user", 1), ("team", people["bob"].id), ("all", people["bob"].id)):
        with pytest.raises(CannotShare):
            share(desk, ann, anna, kind, grantee)
    bob = stored(desk, system, replace(anna, entity="core.user", id=people["bob"].id))
    desk.update(system, bob, team=team.id)
    share(desk, ann, anna, "team", team.id)
    assert "Anna Works" in names(desk, replace(people["bob"], teams=(team.id,)))


def test_those_to_share_with_are_found_by_name(desk, system, people, clients):
    desk.accept("core.team", system, name="Bobbins").record  # noqa: B018 -- it only has to be there
    with desk.runtime.unit(people["ann"]) as unit:
        found = sharing.candidates(unit, "Bob")
        page = sharing.open_shares(unit, "desk.client", clients["anna"].id)
    assert [(each.kind, each.title) for each in found] == [("user", "Bob"), ("team", "Bobbins")]
    assert page.may_edit


# --- hand-over ------------------------------------------------------------------------------------------------------


def assign(desk, actor, records, new_owner):
    ids = [record.id for record in records]
    return handover.assign(desk.runtime, actor, "desk.client", ids, new_owner)


def test_a_record_is_claimed_from_the_pool_and_given_on(desk, system, people, clients):
    ann, bob, pool = people["ann"], people["bob"], clients["pool"]
    assert assign(desk, ann, [pool], ann.id).changed == (pool.id,)
    assert assign(desk, bob, [pool], bob.id).skipped[0].title == ""
    assert owner(desk, system, pool) == ann.id
    assert assign(desk, ann, [pool], bob.id).changed == (pool.id,), "although it is hers no more"
    assert owner(desk, system, pool) == bob.id
    assert assign(desk, bob, [pool], None).changed == (pool.id,)
    assert owner(desk, system, pool) is None


def test_the_history_keeps_the_old_and_the_new_owner(desk, people, clients):
    assign(desk, people["ann"], [clients["anna"]], people["bob"].id)
    with desk.runtime.unit(people["bob"]) as unit:
        entry = reading.open_record(unit, "desk.client", clients["anna"].id).history[0]
    assert (entry.by, entry.channel) == ("Ann", "hand_over")
    assert [(line.before, line.after) for line in entry.lines] == [("Ann", "Bob")]


def test_of_many_records_each_is_judged_by_itself(desk, system, people, clients):
    ann, bob = people["ann"], people["bob"]
    frozen = desk.accept("desk.client", system, name="Ice", owner=ann.id, city="Frozen").record
    wanted = [clients["anna"], clients["bobs"], clients["pool"], frozen, replace(frozen, id=1)]
    done = assign(desk, ann, wanted, bob.id)
    assert done.changed == (clients["anna"].id, clients["pool"].id)
    assert {each.title: str(each.reason) for each in done.skipped} == {
        "": "There is no such record, or you may not see it.",
        "Ice": "You do not have the right to hand it over.",
    }
    again = assign(desk, people["boss"], [clients["anna"]], bob.id)
    assert [str(each.reason) for each in again.skipped] == ["It belongs to this person already."]


def test_what_was_wrong_before_does_not_hold_a_record_back(desk, system, people, clients, tmp_path):
    folder = tmp_path / "stricter"
    (folder / "desk").mkdir(parents=True)
    stricter = DESK.replace("city: {type: text, title: City}", "city: {type: text, title: City, required: true}")  # fmt: skip
    (folder / "desk" / "package.yaml").write_text(stricter, "utf-8")
    packages.apply_folder(desk.runtime, system, folder / "desk")
    done = assign(desk, people["ann"], [clients["anna"]], people["bob"].id)
    assert done.changed == (clients["anna"].id,), [str(each.reason) for each in done.skipped]


def test_what_follows_the_owner_follows(desk, system, people, clients):
    team = desk.accept("core.team", system, name="North").record
    bob = stored(desk, system, replace(clients["anna"], entity="core.user", id=people["bob"].id))
    desk.update(system, bob, team=team.id)
    assign(desk, people["ann"], [clients["anna"]], people["bob"].id)
    record = stored(desk, system, clients["anna"])
    assert (record.values["team"], record.values["secret"]) == (team.id, "alpha")


def test_one_undo_restores_all_that_has_not_changed_since(desk, system, people, clients):
    ann, bob, boss = people["ann"], people["bob"], people["boss"]
    wanted = [clients["anna"], clients["more"], clients["pool"]]
    done = assign(desk, boss, wanted, bob.id)
    assign(desk, boss, [clients["more"]], None)
    for other in (ann, bob, system):
        with pytest.raises(NotFound):
            handover.undo(desk.runtime, other, done.group)
    back = handover.undo(desk.runtime, boss, done.group)
    assert set(back.changed) == {clients["anna"].id, clients["pool"].id}
    assert [(each.title, str(each.reason)) for each in back.skipped] == [
        ("More Works", "It has changed hands since.")
    ]
    assert owner(desk, system, clients["anna"]) == ann.id
    assert owner(desk, system, clients["pool"]) is None
    with pytest.raises(NotFound):
        handover.undo(desk.runtime, boss, done.group)


def test_after_a_day_nothing_is_taken_back_any_more(desk, people, clients, clock):
    done = assign(desk, people["boss"], [clients["anna"]], people["bob"].id)
    clock.instant += timedelta(days=1, minutes=1)
    with pytest.raises(NotFound):
        handover.undo(desk.runtime, people["boss"], done.group)


def test_several_batches_share_one_undo(desk, system, people, clients):
    boss, bob, group = people["boss"], people["bob"], new_id()
    for which in ("anna", "more"):
        with desk.runtime.unit(boss, write=True) as unit:
            handover.assign_in(unit, "desk.client", [clients[which].id], bob.id, group=group)
    assert len(handover.undo(desk.runtime, boss, group).changed) == 2
    assert owner(desk, system, clients["more"]) == people["ann"].id


def test_nobody_who_has_left_gets_anything_and_what_has_no_owner_stays(
    desk, system, people, clients
):
    bob = people["bob"]
    update(desk.runtime, system, "core.user", bob.id, Input({"active": False}), version=None)
    for gone in (bob.id, 1):
        with pytest.raises(CannotHandOver, match="active"):
            assign(desk, people["ann"], [clients["anna"]], gone)
    with pytest.raises(CannotHandOver, match="nobody in particular"):
        handover.assign(desk.runtime, people["sue"], "desk.letter", [1], people["ann"].id)
