"""Why a button is off, who sees a record, and how far somebody sees through the eyes of another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from formwright.definitions.model import Action
from formwright.engine import packages, seeing_as
from formwright.engine.gate import Query
from formwright.engine.onlookers import onlookers
from formwright.engine.refused import why_not
from formwright.errors import Forbidden, NotFound, OnlyLooking

SHOP = """
package: {key: shop, title: Shop, version: 1.0.0}
entities:
  case:
    title: Case
    title_plural: Cases
    display: "{{ name }}"
    ownership: {owner_field: owner}
    state_field: state
    fields:
      name: {type: text, title: Name, required: true}
      phone: {type: phone, title: Phone}
      cost: {type: integer, title: Cost}
      state: {type: choice, title: State, options: [{value: open, title: Open}, {value: closed, title: Closed}], default: open}
      owner: {type: user, title: Owner}
      held: {type: boolean, title: Held}
  safe: {title: Safe, title_plural: Safes, display: "{{ name }}", fields: {name: {type: text, title: Name}}}
roles:
  rep: {title: Rep}
  lead: {title: Lead}
  keeper: {title: Keeper}
  people: {title: People desk}
grants:
  rep_reads: {role: rep, entity: case, actions: [read]}
  rep_edits: {role: rep, entity: case, actions: [update], scope: own, description: Only the owner or the team lead may edit.}
  rep_prints: {role: rep, entity: case, actions: [print], scope: own, states: [open]}
  rep_merges: {role: rep, entity: case, actions: [merge], scope: "cost > 5"}
  lead_all: {role: lead, entity: case, actions: [read, update, delete], description: Only a lead may delete.}
  keeper_safes: {role: keeper, entity: safe, actions: [read]}
  keeper_cases: {role: keeper, entity: case, actions: [read], scope: "state == 'open'", fields: {hide: [cost]}}
  keeper_merges: {role: keeper, entity: case, actions: [merge], scope: "cost > 5"}
  people_users: {role: people, entity: core.user, actions: [read, configure]}
  people_cases: {role: people, entity: case, actions: [read], fields: {hide: [phone]}}
guards:
  hold: {entity: case, scope: "!held", actions: [update], exempt: [keeper], message: Under legal hold}
"""


@pytest.fixture
def shop(office, tmp_path):
    folder = tmp_path / "shop"
    (folder / "translations").mkdir(parents=True)
    (folder / "package.yaml").write_text(SHOP, "utf-8")
    (folder / "translations" / "zh-CN.yaml").write_text(
        "translations:\n  zh-CN:\n    grants.rep_edits.description: 只有负责人或主管可以编辑。\n",
        "utf-8",
    )
    packages.apply_folder(office.runtime, packages.installer(office.runtime.catalog), folder)
    return office


@pytest.fixture
def person(shop):
    def make(login, *roles):
        actor = shop.person(login, *roles)
        with shop.runtime.unit(packages.installer(shop.runtime.catalog), write=True) as unit:
            unit.tx.users.put_credential(actor.id, login, "-")
            unit.tx.users.set_roles(actor.id, roles, by=None)
            return shop.runtime.actor(unit.tx, actor.id)

    return make


@pytest.fixture
def ann(person):
    return person("ann", "shop.rep")


@pytest.fixture
def case(shop, person):
    lea = person("lea", "shop.lead")
    system = packages.installer(shop.runtime.catalog)
    return shop.accept(
        "shop.case", system, name="A case", cost=1, phone="13800138002", owner=lea.id
    ).record


@pytest.fixture
def refusal(shop):
    """Return a function that says why somebody may not do something with a record that he sees."""

    def run(actor, action, record=None, language="en"):
        actor = replace(actor, reader=replace(actor.reader, language=language))
        with shop.runtime.unit(actor) as unit:
            seen = None if record is None else unit.gate.find(Action.READ, "shop.case", record.id)
            return why_not(unit, action, "shop.case", seen)

    return run


def test_the_words_of_the_business_come_first(refusal, ann, case):
    assert refusal(ann, Action.UPDATE, case) == "Only the owner or the team lead may edit."
    assert refusal(ann, Action.UPDATE, case, "zh-CN") == "只有负责人或主管可以编辑。"
    assert refusal(ann, Action.DELETE, case) == "Only a lead may delete."


def test_without_them_the_conditions_are_said(refusal, ann, case):
    assert (
        refusal(ann, Action.PRINT, case)
        == "You may print only where Owner is Ann and State is among Open."
    )
    assert (
        refusal(ann, Action.PRINT, case, "zh-CN")
        == "您仅在以下情况可以打印：Owner 为 Ann 且 State 在 Open 之中。"
    )
    assert refusal(ann, Action.EXPORT) == "None of your roles lets you export Cases."


def test_a_condition_on_what_is_hidden_is_not_said(refusal, ann, person, case):
    assert refusal(ann, Action.MERGE, case) == "You may merge only where Cost is above 5."
    kit = person("kit", "shop.keeper")
    assert refusal(kit, Action.MERGE, case) == "Your rights do not reach this record."


def test_a_guard_says_what_it_protects(shop, refusal, ann):
    system = packages.installer(shop.runtime.catalog)
    held = shop.accept("shop.case", system, name="Held", owner=ann.id, held=True).record
    assert refusal(ann, Action.UPDATE, held) == "Under legal hold"


# --- who sees it ----------------------------------------------------------------------------------------------------


def test_those_who_see_a_record_are_listed_with_how(shop, person, ann, case):
    kit, desk = person("kit", "shop.keeper"), person("pat", "shop.people")
    person("sue", "core.member")
    with shop.runtime.unit(desk) as unit:
        found = onlookers(unit, "shop.case", case.id)
    seen = {each.login: each for each in found.people}
    assert set(seen) == {"ann", "lea", "kit", "pat"}
    assert [str(words) for words in seen["kit"].how] == ["shop.keeper_cases (Keeper)"]
    assert seen["lea"].actions == {Action.READ, Action.UPDATE, Action.DELETE}
    assert seen["ann"].actions == {Action.READ}
    assert not found.capped
    with shop.runtime.unit(desk) as unit:
        assert onlookers(unit, "shop.case", case.id, most=2).capped
    for actor in (ann, kit):
        with shop.runtime.unit(actor) as unit, pytest.raises(Forbidden):
            onlookers(unit, "shop.case", case.id)


def test_a_share_is_a_way_to_see(shop, person):
    kit, desk = person("kit", "shop.keeper"), person("pat", "shop.people")
    system = packages.installer(shop.runtime.catalog)
    closed = shop.accept("shop.case", system, name="Closed", state="closed").record
    with shop.runtime.unit(system, write=True) as unit:
        unit.tx.shares.put("shop.case", closed.id, "user", kit.id, "read", by=None)
    with shop.runtime.unit(desk) as unit:
        seen = {each.login: each for each in onlookers(unit, "shop.case", closed.id).people}
        assert [str(words) for words in seen["kit"].how] == ["shared"]


# --- through somebody else's eyes -----------------------------------------------------------------------------------


@pytest.fixture
def through(shop):
    """Return a function that has somebody look through the eyes of another."""

    def look(looking, at):
        with shop.runtime.unit(looking, write=True) as unit:
            kept = seeing_as.begin(unit, at.id)
            return seeing_as.through(shop.runtime, unit.tx, looking, kept)

    return look


def seen(shop, actor, entity="shop.case"):
    with shop.runtime.unit(actor) as unit:
        return {record.values["name"]: record for record in unit.gate.read(Query(entity)).records}


def test_somebody_sees_what_the_other_sees_but_no_more_than_himself(shop, person, through, case):
    system = packages.installer(shop.runtime.catalog)
    shop.accept("shop.case", system, name="Closed", state="closed", cost=9)
    shop.accept("shop.safe", system, name="Gold")
    kit, desk = person("kit", "shop.keeper"), person("pat", "shop.people")
    eyes = through(desk, kit)
    assert (eyes.id, eyes.seen_by) == (kit.id, desk)
    assert set(seen(shop, eyes)) == {"A case"}, "the closed case is out of the keeper's reach"
    record = seen(shop, eyes)["A case"]
    assert {"cost", "phone"} <= record.withheld, (
        "cost is hidden from the keeper, the phone from who looks"
    )
    assert seen(shop, kit)["A case"].values["phone"] == "+8613800138002", (
        "control: the keeper sees it"
    )
    assert set(seen(shop, kit, "shop.safe")) == {"Gold"}
    assert seen(shop, eyes, "shop.safe") == {}, "who looks may not read safes"
    with pytest.raises(OnlyLooking):
        shop.update(eyes, case, name="x")


def test_nobody_looks_who_may_not_or_at_those_above_him(shop, person, through, ann):
    boss, desk, lea = (
        person("ada", "core.admin"),
        person("pat", "shop.people"),
        person("lea", "shop.lead"),
    )
    with pytest.raises(Forbidden):
        through(ann, lea)
    with pytest.raises(seeing_as.CannotSeeAs) as told:
        through(desk, boss)
    assert str(told.value) == "Only an administrator may look through the eyes of an administrator."
    assert through(boss, desk).seen_by == boss
    with shop.runtime.unit(through(boss, desk)) as unit, pytest.raises(Forbidden):
        seeing_as.begin(unit, ann.id)
    with shop.runtime.unit(desk) as unit, pytest.raises(NotFound):
        seeing_as.begin(unit, 1)


def test_with_the_right_the_eyes_are_lost_too(shop, person, through, ann):
    desk = person("pat", "shop.people")
    assert through(desk, ann).id == ann.id
    lesser = replace(desk, roles=frozenset({"core.member"}))
    with shop.runtime.unit(desk, write=True) as unit:
        kept = seeing_as.begin(unit, ann.id)
        assert seeing_as.through(shop.runtime, unit.tx, lesser, kept) == lesser
        assert seeing_as.end(unit, kept) == {}
