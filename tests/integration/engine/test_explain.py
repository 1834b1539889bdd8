# ruff: noqa: S106 -- the values of a field that is called secret
"""Why somebody may see or do something, or not: in words, in both languages, and no more than who asks may know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from formwright.definitions.model import Action
from formwright.engine import packages
from formwright.engine.explain import explain
from formwright.engine.explained import texts
from formwright.errors import Forbidden, NotFound, UnknownName
from formwright.ids import new_id

DESK = """
package: {key: desk, title: Desk, version: 1.0.0}
entities:
  client:
    title: Client
    display: "{{ name }}"
    ownership: {owner_field: owner, collaborators_field: helpers}
    state_field: state
    search_fields: [name]
    fields:
      name: {type: text, title: Name, required: true}
      phone: {type: phone, title: Phone, mask: last4}
      secret: {type: text, title: Secret}
      credit: {type: integer, title: Credit}
      doubled: {type: formula, title: Doubled, returns: integer, compute: "credit * 2"}
      state: {type: choice, title: State, options: [{value: open, title: Open}, {value: closed, title: Closed}], default: open}
      owner: {type: user, title: Owner}
      helpers: {type: user, title: Helpers, multiple: true}
      flagged: {type: boolean, title: Flagged}
      lines: {type: subform, title: Lines, of: line}
  line: {title: Line, kind: child, fields: {what: {type: text, title: What}}}
  letter:
    title: Letter
    display: "{{ title }}"
    fields:
      title: {type: text, title: Title, required: true}
      client: {type: reference, title: Client, to: client}
  vault: {title: Vault, display: "{{ title }}", fields: {title: {type: text, title: Title}}}
roles:
  rep: {title: Rep, inherits: [core.member]}
  chief: {title: Chief, inherits: [rep]}
  helpdesk: {title: Help desk}
  clerk: {title: Clerk}
grants:
  rep_own: {role: rep, entity: client, actions: [read, create, update], scope: shared, fields: {clear: [phone]}}
  rep_pool: {role: rep, entity: client, actions: [read], scope: pool}
  rep_letters: {role: rep, entity: letter, actions: [read], via: client}
  chief_team: {role: chief, entity: client, actions: [read, update], scope: team, fields: {clear: "*"}}
  desk_clients: {role: helpdesk, entity: client, actions: [read], fields: {hide: [credit], mask: {secret: all}}}
  desk_update: {role: helpdesk, entity: client, actions: [update], fields: {except: [name]}}
  clerk_open: {role: clerk, entity: client, actions: [read], scope: "credit > 100", states: [open]}
  clerk_gone: {role: clerk, entity: client, actions: [delete], until: "2026-03-01"}
  admin_all: {role: core.admin, entity: client, actions: [read, update, delete, restore], fields: {clear: "*"}}
guards:
  hold: {entity: client, scope: "!flagged", actions: [update], message: Under legal hold}
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
def person(desk):
    """Return a function that makes somebody with roles that stand in the database too."""

    def make(login, *roles):
        actor = desk.person(login, *roles)
        with desk.runtime.unit(packages.installer(desk.runtime.catalog), write=True) as unit:
            unit.tx.users.set_roles(actor.id, roles, by=None)
            return replace(desk.runtime.actor(unit.tx, actor.id), reader=actor.reader)

    return make


@pytest.fixture
def ann(person):
    return person("ann", "desk.rep")


@pytest.fixture
def bob(person):
    return person("bob", "desk.rep")


@pytest.fixture
def admin(person):
    return person("ada", "core.admin")


@pytest.fixture
def client(desk, system, bob):
    """Bob's client."""
    return desk.accept(
        "desk.client", system, rows={"lines": [{"what": "a line"}]}, name="Bob Works", phone="13800138002",
        secret="beta", credit=50, owner=bob.id,
    ).record  # fmt: skip


@pytest.fixture
def ask(desk, admin):
    """Return a function that asks, as the administrator unless ``by`` says otherwise, and returns all that is said."""

    def run(user, action, record=None, *, entity="desk.client", field=None, by=None, language="en"):
        asking = by or admin
        asking = replace(asking, reader=replace(asking.reader, language=language))
        number = getattr(record, "id", record)
        with desk.runtime.unit(asking) as unit:
            return texts(explain(unit, user.id, action, entity, number, field), language)

    return run


def points(told):
    """Return what each grant asks for, and whether that holds."""
    return {
        grant["name"]: [(point["text"], point["holds"]) for point in grant["points"]]
        for role in told["roles"]
        for grant in role["grants"]
    }


def test_why_a_rep_does_not_see_the_customer_of_another_is_said_in_words(ask, ann, client):
    told = ask(ann, Action.READ, client)
    assert told["allowed"] is False
    assert told["verdict"] == "Ann may not see Client “Bob Works”."
    assert told["because"] == [
        "desk.rep_own does not reach it: only where Owner is Ann or Ann is among Helpers.",
        "desk.rep_pool does not reach it: only where Owner is empty.",
        "Helpers here: empty",
        "Owner here: Bob",
    ]


def test_the_same_is_said_in_chinese(ask, ann, client):
    told = ask(ann, Action.READ, client, language="zh-CN")
    assert told["verdict"] == "Ann 不能查看 Client“Bob Works”。"
    assert told["because"] == [
        "desk.rep_own 未覆盖它：仅限 Owner 为 Ann 或 Ann 在 Helpers 之中。",
        "desk.rep_pool 未覆盖它：仅限 Owner 为空。",
        "此处 Helpers：空",
        "此处 Owner：Bob",
    ]


def test_why_the_help_desk_reads_a_phone_masked_is_said_in_words(ask, person, client):
    hal = person("hal", "desk.helpdesk")
    field = ask(hal, Action.READ, client, field="phone")["field"]
    assert field["level"] == "masked"
    assert field["verdict"] == "Hal sees “Phone” of Client “Bob Works” masked, as 138****8002."
    assert field["because"] == [
        "The field is masked by itself, all but the last four signs, and desk.desk_clients (Help desk) does not lift that.",
        "No grant that reaches it shows it in full.",
    ]
    field = ask(hal, Action.READ, client, field="phone", language="zh-CN")["field"]
    assert field["verdict"] == "Hal 看到的 Client“Bob Works”的“Phone”是遮盖后的：138****8002。"
    assert field["because"] == [
        "该字段本身带有遮盖（除末四位外），desk.desk_clients（Help desk） 没有解除。",
        "覆盖它的许可都没有完整显示该字段。",
    ]


def test_a_grant_says_what_it_asks_for_and_whether_that_holds(ask, ann, client, person):
    told = points(ask(ann, Action.READ, client))
    assert told["desk.rep_own"] == [("only where Owner is Ann or Ann is among Helpers", False)]
    assert told["desk.rep_pool"] == [("only where Owner is empty", False)]
    cy = person("cy", "desk.clerk")
    assert points(ask(cy, Action.READ, client))["desk.clerk_open"] == [
        ("only where Credit is above 100", False),
        ("only where State is among Open", True),
    ]
    assert points(ask(cy, Action.DELETE, client))["desk.clerk_gone"] == [
        ("it ended on 2026-03-01", False)
    ]


def test_a_lead_is_told_by_whom_he_leads(desk, system, ask, bob, client, person):
    cora = person("cora", "desk.chief")
    told = ask(cora, Action.READ, client)
    assert told["allowed"] is False
    assert "Cora leads nobody" in told["because"]
    team = desk.accept("core.team", system, name="North", lead=cora.id).record
    with desk.runtime.unit(system) as unit:
        user = unit.gate.find(Action.READ, "core.user", bob.id)
    desk.update(system, user, team=team.id)
    told = ask(cora, Action.READ, client)
    assert told["allowed"] is True
    assert told["because"] == ["Allowed by: desk.chief_team."]
    roles = {role["name"]: role["through"] for role in told["roles"]}
    assert roles["desk.chief"] == ""
    assert roles["desk.rep"] == "Chief"


def test_a_guard_that_forbids_says_why(desk, system, ask, bob, client):
    assert ask(bob, Action.UPDATE, client)["allowed"] is True
    held = desk.accept("desk.client", system, name="Held", owner=bob.id, flagged=True).record
    told = ask(bob, Action.UPDATE, held)
    assert told["allowed"] is False
    assert told["because"] == ["The guard desk.hold forbids it: Under legal hold"]
    assert told["guards"][0]["holds"] is False


def test_a_share_is_named(desk, system, ask, ann, client):
    with desk.runtime.unit(system, write=True) as unit:
        unit.tx.shares.put("desk.client", client.id, "user", ann.id, "read", by=None)
    told = ask(ann, Action.READ, client)
    assert told["allowed"] is True
    assert ("it is shared with Ann or a team of theirs", True) in points(told)["desk.rep_own"]
    assert ask(ann, Action.UPDATE, client)["allowed"] is False


def test_what_is_reached_through_another_record_names_it(desk, system, ask, ann, bob, client):
    letter = desk.accept("desk.letter", system, title="Dear", client=client.id).record
    told = ask(ann, Action.READ, letter, entity="desk.letter")
    assert told["allowed"] is False
    assert points(told)["desk.rep_letters"] == [("only where Ann may see the Client", False)]
    assert ask(bob, Action.READ, letter, entity="desk.letter")["allowed"] is True


def test_rows_of_a_subform_follow_their_record(desk, system, ask, ann, bob, client):
    with desk.runtime.unit(system) as unit:
        line = unit.tx.records.children("desk.line", [client.id])[0]
    told = ask(ann, Action.UPDATE, line, entity="desk.line")
    assert told["allowed"] is False
    assert told["follows"]["verdict"] == "Ann may not edit Client “Bob Works”."
    assert ask(bob, Action.UPDATE, line, entity="desk.line")["allowed"] is True


def test_without_a_record_it_is_said_that_it_depends(ask, ann, person):
    told = ask(ann, Action.READ)
    assert (told["allowed"], told["verdict"]) == (
        None, "Ann may see Client in some cases; it depends on the record.",
    )  # fmt: skip
    told = ask(ann, Action.DELETE)
    assert told["verdict"] == "Ann may not delete any Client."
    assert told["because"] == [
        "No role of Ann has a grant for it. Roles that have one: Clerk, Administrator."
    ]
    assert ask(person("hal", "desk.helpdesk"), Action.READ)["allowed"] is True


def test_a_computed_field_names_the_input_that_is_out_of_reach(ask, person, bob, client):
    hal = person("hal", "desk.helpdesk")
    field = ask(hal, Action.READ, client, field="doubled")["field"]
    assert field["level"] == "hidden"
    assert "It is worked out from Credit, which Hal may not read." in field["because"]
    assert ask(hal, Action.READ, client, field="credit")["field"]["because"] == [
        "desk.desk_clients (Help desk) hides it."
    ]
    assert ask(bob, Action.READ, client, field="doubled")["field"]["level"] == "open"


def test_a_field_that_cannot_be_written_names_the_grant(ask, person, bob, client):
    hal = person("hal", "desk.helpdesk")
    field = ask(hal, Action.UPDATE, client, field="name")["field"]
    assert field["level"] == "locked"
    assert "desk.desk_update (Help desk) does not let it be written." in field["because"]
    assert ask(hal, Action.UPDATE, client, field="phone")["field"]["level"] == "locked"
    assert ask(bob, Action.UPDATE, client, field="phone")["field"]["level"] == "open"


def test_a_record_in_the_trash_and_one_that_never_was(desk, admin, ask, ann, client):
    told = ask(ann, Action.READ, new_id())
    assert told["because"] == ["There is no such record: it never was, or it was deleted for good."]
    with desk.runtime.unit(packages.installer(desk.runtime.catalog), write=True) as unit:
        unit.tx.trash.delete(
            unit.tx.records.find("desk.client", client.id), by=None, channel="form"
        )
    told = ask(ann, Action.READ, client)
    assert told["allowed"] is False
    assert told["because"] == [
        "The record is in the trash. There it is seen only by those who may restore it."
    ]
    assert "Ada may restore it." in ask(admin, Action.READ, client)["because"]


def test_somebody_who_is_not_active_may_nothing(desk, system, ask, bob, client):
    with desk.runtime.unit(system) as unit:
        user = unit.gate.find(Action.READ, "core.user", bob.id)
    desk.update(system, user, active=False)
    told = ask(bob, Action.READ, client)
    assert told["allowed"] is False
    assert told["because"][0] == "Bob cannot log in: the account is not active."


def test_values_that_who_asks_may_not_read_are_not_told(ask, person, client):
    keeper = person("kim", "desk.helpdesk", "core.admin")
    lesser = replace(keeper, roles=keeper.roles - {"core.admin"} | {"core.member"})
    cy = person("cy", "desk.clerk")
    assert "Credit here: 50" in ask(cy, Action.READ, client, by=keeper)["because"]
    with pytest.raises(Forbidden):
        ask(cy, Action.READ, client, by=lesser)


def test_people_ask_about_themselves_alone_and_learn_of_nothing_that_they_do_not_see(
    ask, ann, bob, client
):
    assert ask(bob, Action.UPDATE, client, by=bob)["allowed"] is True
    assert ask(bob, Action.UPDATE, by=bob)["allowed"] is None
    assert ask(bob, Action.DELETE, client, by=bob)["because"] == [
        "None of your roles lets you delete Client."
    ]
    with pytest.raises(Forbidden):
        ask(ann, Action.READ, client, by=bob)
    answers = []
    for record in (client, new_id()):
        with pytest.raises(NotFound) as told:
            ask(ann, Action.READ, record, by=ann)
        answers.append(str(told.value))
    assert answers == ["There is no such record, or you may not see it."] * 2
    with pytest.raises(Forbidden):
        ask(ann, Action.READ, entity="desk.vault", by=ann)


def test_a_condition_on_what_somebody_may_not_read_is_not_spelled_out(
    desk, ask, person, client, system
):
    hal = person("hal", "desk.helpdesk", "desk.clerk")
    text = points(ask(hal, Action.READ, client, by=hal))["desk.clerk_open"][0][0]
    assert text == "only where a condition holds that you may not read"
    desk.update(system, client, credit=500)
    text = points(ask(hal, Action.READ, client, by=hal))["desk.clerk_open"][0][0]
    assert text == "only where Credit is above 100", "now the clerk's grant opens the credit"


@pytest.mark.parametrize("field", ["credit", "nothing"])
def test_a_field_out_of_reach_is_answered_like_one_that_does_not_exist(ask, person, client, field):
    hal = person("hal", "desk.helpdesk")
    with pytest.raises(UnknownName) as told:
        ask(hal, Action.READ, client, field=field, by=hal)
    assert str(told.value) == f"There is no field '{field}' here."


@pytest.mark.parametrize("action", [Action.READ, Action.UPDATE, Action.DELETE])
def test_the_explanation_and_the_gate_never_disagree(
    desk, system, ask, person, ann, bob, client, action
):
    """What is explained is what happens: for each person and record, the gate answers the same."""
    people = [
        ann,
        bob,
        person("cora", "desk.chief"),
        person("hal", "desk.helpdesk"),
        person("cy", "desk.clerk"),
    ]
    others = [
        desk.accept("desk.client", system, name="Pool", credit=500).record,
        desk.accept(
            "desk.client", system, name="Ann's", owner=ann.id, helpers=[bob.id], flagged=True
        ).record,
    ]
    for each in people:
        for record in (client, *others):
            with desk.runtime.unit(each) as unit:
                try:
                    unit.gate.find(action, "desk.client", record.id)
                    reached = True
                except NotFound:
                    reached = False
            assert ask(each, action, record)["allowed"] is reached, (
                each.login,
                record.values["name"],
            )


def test_everything_is_judged_in_one_statement(desk, admin, ann, client, count_statements):
    with desk.runtime.unit(admin) as unit, count_statements() as sent:
        explain(unit, ann.id, Action.READ, "desk.client", client.id)
    judging = [text for text in sent if text.startswith("SELECT") and "AS c0" in text]
    assert len(judging) == 1
    assert len(sent) <= 14
