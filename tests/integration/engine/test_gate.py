# ruff: noqa: ARG001 -- some people and clients only have to be there
"""The gate: which records and which of their fields an actor may read and write, in every kind of question."""

from __future__ import annotations

from dataclasses import replace

import pytest

from formwright.definitions.model import Action, Sort
from formwright.engine import drafting, exports, packages, reading, records, views
from formwright.engine.drafts import Accepted, Input, Rejected
from formwright.engine.gate import Query
from formwright.errors import NotFound, UnknownName
from formwright.ids import format_id
from formwright.store.across import equals
from formwright.store.query import ListQuery

DESK = """
package: {key: desk, title: Desk, version: 1.0.0}
entities:
  client:
    title: Client
    ownership: {owner_field: owner, collaborators_field: helpers}
    state_field: state
    search_fields: [name, phone, secret]
    fields:
      name: {type: text, title: Name, required: true, searchable: true}
      phone: {type: phone, title: Phone, mask: last4, indexed: true, searchable: true}
      secret: {type: text, title: Secret, indexed: true}
      credit: {type: integer, title: Credit, indexed: true}
      doubled: {type: formula, title: Doubled, returns: integer, compute: "credit * 2"}
      state: {type: choice, title: State, options: [open, closed], default: open}
      owner: {type: user, title: Owner, indexed: true}
      helpers: {type: user, title: Helpers, multiple: true}
      flagged: {type: boolean, title: Flagged}
      tags: {type: tags, title: Tags}
      lines: {type: subform, title: Lines, of: line}
  line:
    title: Line
    kind: child
    fields:
      what: {type: text, title: What}
  letter:
    title: Letter
    fields:
      title: {type: text, title: Title, required: true, searchable: true}
      client: {type: reference, title: Client, to: client, inverse: letters}
      copied: {type: text, title: Copied, fill_from: {value: client.secret}}
      rich: {type: formula, title: Rich, returns: integer, compute: "client.credit"}
views:
  clients:
    entity: client
    title: Clients
    columns: [name, phone, secret, credit, doubled, owner]
    quick_filters: [phone, secret, {key: rich, title: Rich, filter: "credit > 100"}]
  letters: {entity: letter, title: Letters, columns: [title, client.secret, rich]}
roles:
  rep: {title: Rep}
  boss: {title: Boss}
  helpdesk: {title: Help desk}
  clerk: {title: Clerk}
  auditor: {title: Auditor}
  keeper: {title: Keeper}
grants:
  rep_own:
    role: rep
    entity: client
    actions: [read, create, update, delete, transfer]
    scope: shared
    fields: {clear: [phone], except: [credit]}
  rep_pool: {role: rep, entity: client, actions: [read, assign], scope: pool, fields: {hide: [secret]}}
  rep_letters: {role: rep, entity: letter, actions: [read, create, update], via: client}
  boss_team: {role: boss, entity: client, actions: [read, update, transfer, export], scope: team, fields: {clear: "*"}}
  desk_clients:
    role: helpdesk
    entity: client
    actions: [read, export]
    fields: {read: [name, phone, owner], mask: {name: initials}}
  desk_letters: {role: helpdesk, entity: letter, actions: [read, create, update]}
  clerk_open: {role: clerk, entity: client, actions: [read, update], states: [open], fields: {clear: "*"}}
  clerk_gone: {role: clerk, entity: client, actions: [delete], until: "2026-03-01"}
  keeper_all: {role: keeper, entity: client, actions: [read, update], fields: {hide: [secret, lines]}}
  auditor_all: {role: auditor, entity: client, actions: [read, update], fields: {clear: "*"}}
guards:
  hold: {entity: client, scope: "!flagged", actions: [update], exempt: [boss], message: Under legal hold}
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
def ann(desk):
    return desk.person("ann", "desk.rep")


@pytest.fixture
def bob(desk):
    return desk.person("bob", "desk.rep")


@pytest.fixture
def helper(desk):
    return desk.person("hal", "desk.helpdesk")


@pytest.fixture
def clients(desk, system, ann, bob):
    """Three clients: Ann's, Bob's, and one that nobody owns."""

    def client(name, phone, secret, credit, owner):
        return desk.accept(
            "desk.client", system, rows={"lines": [{"what": f"line of {name}"}]}, name=name, phone=phone,
            secret=secret, credit=credit, **({"owner": owner.id} if owner else {}),
        ).record  # fmt: skip

    return {
        "anna": client("Anna Works", "13800138001", "alpha", 100, ann),
        "bobs": client("Bob Works", "13800138002", "beta", 200, bob),
        "pool": client("Pool Works", "13800138003", "gamma", 300, None),
    }


def names(page):
    return {record.values["name"] for record in page.records}


def read(desk, actor, **query):
    with desk.runtime.unit(actor) as unit:
        return unit.gate.read(Query("desk.client", **query))


def shown(desk, actor, name="desk.clients", **state):
    with desk.runtime.unit(actor) as unit:
        page = views.list_view(unit, name, views.ListState(**state))
        titles = [column.path for column in page.columns]
        return [
            dict(zip(titles, [cell.text for cell in row.cells], strict=True)) for row in page.rows
        ]


def test_each_record_shows_the_fields_that_its_own_grants_open(desk, ann, clients):
    rows = {row["name"]: row for row in shown(desk, ann)}
    assert set(rows) == {"Anna Works", "Pool Works"}
    assert (rows["Anna Works"]["phone"], rows["Anna Works"]["secret"]) == ("13800138001", "alpha")
    assert (rows["Pool Works"]["phone"], rows["Pool Works"]["secret"]) == ("138****8003", "")


def test_what_is_withheld_can_be_neither_sorted_filtered_nor_searched_by(
    desk, ann, helper, clients
):
    assert shown(desk, helper, sort=(Sort("credit"),)) == shown(desk, helper)
    assert {row["name"] for row in shown(desk, helper)} == {
        "A**** W****",
        "B**** W****",
        "P**** W****",
    }
    for state in ({"filters": {"secret": "alpha"}}, {"filters": {"phone": "13800138001"}}):
        assert len(shown(desk, helper, **state)) == 3, "an unknown filter is no filter"
    assert shown(desk, ann, filters={"phone": "13800138003"}) == [], "masked in the pool"
    assert shown(desk, ann, filters={"secret": "gamma"}) == []
    assert len(shown(desk, ann, filters={"secret": "alpha"})) == 1
    for word, found in (
        ("13800138003", 0),
        ("gamma", 0),
        ("13800138001", 1),
        ("alpha", 1),
        ("Works", 2),
    ):
        assert len(shown(desk, ann, search=word)) == found, word
    for word in ("alpha", "13800138001", "Anna"):
        assert shown(desk, helper, search=word) == [], word


def test_counts_agree_with_what_is_found(desk, ann, helper, clients):
    with desk.runtime.unit(ann) as unit:
        assert unit.gate.count(Query("desk.client", search="gamma"), 10) == (0, False)
        assert unit.gate.count(Query("desk.client", search="Works"), 10) == (2, False)
        assert unit.gate.count(Query("desk.client", search="Works"), 1) == (1, True)


def test_a_condition_of_the_definitions_sees_nothing_of_what_is_withheld(
    desk, ann, helper, clients
):
    assert {row["name"] for row in shown(desk, ann, filters={"rich": "on"})} == {"Pool Works"}
    assert shown(desk, helper, filters={"rich": "on"}) == []


def test_a_page_of_a_list_in_any_order_goes_on_where_it_stopped(desk, ann, clients, system):
    for number in range(5):
        desk.accept("desk.client", system, name=f"More {number}", secret=f"s{number}", owner=ann.id)
    for sort in ((Sort("secret"),), (Sort("secret", descending=True),), (Sort("phone"),), ()):
        whole = [record.id for record in read(desk, ann, sort=sort).records]
        found, after = [], ""
        while True:
            page = read(desk, ann, sort=sort, limit=2, after=after)
            found += [record.id for record in page.records]
            if page.next is None:
                break
            after = page.next
        assert found == whole, sort
        assert len(whole) == 7


def test_a_record_page_leaves_out_what_is_hidden_and_marks_what_is_masked(desk, helper, clients):
    with desk.runtime.unit(helper) as unit:
        page = reading.open_record(unit, "desk.client", clients["anna"].id)
    assert set(page.draft.states) == {"name", "phone", "owner"}
    assert (page.draft.states["phone"].mask, page.draft.states["phone"].value) == (
        "138****8001",
        None,
    )
    assert page.draft.rows == {}
    assert "13800138001" not in repr(page), "nothing of it is left anywhere"
    assert "alpha" not in repr(page)
    assert [line.title.default for entry in page.history for line in entry.lines] == ["Owner"]


def test_a_record_out_of_reach_is_answered_like_one_that_does_not_exist(desk, ann, clients):
    with desk.runtime.unit(ann) as unit:
        for record_id in (clients["bobs"].id, 1):
            with pytest.raises(NotFound) as told:
                reading.open_record(unit, "desk.client", record_id)
            assert str(told.value) == "There is no such record, or you may not see it."


def test_what_crosses_a_reference_carries_the_strictest_rule_of_what_it_is_made_of(
    desk, ann, helper, clients, system
):
    for title, client in (("To Anna", "anna"), ("To pool", "pool")):
        desk.accept("desk.letter", system, title=title, client=format_id(clients[client].id))
    rows = {row["title"]: row for row in shown(desk, ann, "desk.letters")}
    assert (rows["To Anna"]["client.secret"], rows["To Anna"]["rich"]) == ("alpha", "100")
    assert (rows["To pool"]["client.secret"], rows["To pool"]["rich"]) == ("", "300")
    assert all("rich" not in row for row in shown(desk, helper, "desk.letters"))
    assert all(row["client.secret"] == "" for row in shown(desk, helper, "desk.letters"))


def test_records_are_read_via_the_record_they_belong_to(desk, ann, bob, clients, system):
    desk.accept("desk.letter", system, title="To Bob", client=format_id(clients["bobs"].id))
    assert [row["title"] for row in shown(desk, bob, "desk.letters")] == ["To Bob"]
    assert shown(desk, ann, "desk.letters") == []


def test_what_the_writer_may_not_read_is_not_copied(desk, ann, helper, clients):
    given = {"title": "x", "client": format_id(clients["anna"].id)}
    assert desk.accept("desk.letter", ann, **given).record.values["copied"] == "alpha"
    assert desk.accept("desk.letter", helper, **given).record.values["copied"] is None


@pytest.mark.parametrize("guess", ["alpha", "wrong"])
def test_a_guess_at_a_closed_field_is_answered_like_an_unknown_field(desk, clients, guess, said):
    keeper = desk.person("kit", "desk.keeper")
    told = said(desk.update(keeper, clients["anna"], secret=guess))
    assert told == {"": "There is no field 'secret' here."}
    assert said(desk.update(keeper, clients["anna"], nothing=guess)) == {
        "": "There is no field 'nothing' here."
    }
    assert said(desk.update(keeper, clients["anna"], phone="13800138001")) == {
        "": "There is no field 'phone' here."
    }
    assert said(desk.update(keeper, clients["anna"], rows={"lines": []})) == {
        "": "There is no field 'lines' here."
    }
    assert isinstance(desk.update(keeper, clients["anna"], name="Kept"), Accepted)


def test_what_is_closed_to_the_writer_stays_as_it_is(desk, system, clients):
    desk.update(desk.person("kit", "desk.keeper"), clients["anna"], name="Kept")
    with desk.runtime.unit(system) as unit:
        record = unit.gate.find(Action.READ, "desk.client", clients["anna"].id)
        assert (record.values["secret"], record.values["phone"]) == ("alpha", "+8613800138001")
        assert len(drafting.seen_rows(unit, record)["lines"]) == 1


def test_rows_with_a_grant_of_their_own_no_longer_follow_their_record(
    desk, system, ann, clients, tmp_path
):
    def lines_of(actor):
        with desk.runtime.unit(actor) as unit:
            record = unit.gate.find(Action.READ, "desk.client", clients["anna"].id)
            return [row.values["what"] for row in drafting.seen_rows(unit, record)["lines"]]

    assert lines_of(ann) == [
        "line of Anna Works"
    ]  # the control: she reads the client and so its rows
    granted = "  reader_lines: {role: auditor, entity: line, actions: [read]}\nguards:"
    (tmp_path / "desk" / "package.yaml").write_text(DESK.replace("guards:", granted), "utf-8")
    packages.apply_folder(desk.runtime, system, tmp_path / "desk")
    system = packages.installer(desk.runtime.catalog)
    assert lines_of(ann) == []
    assert lines_of(desk.person("aud", "desk.auditor")) == ["line of Anna Works"]
    with desk.runtime.unit(ann) as unit:
        assert not unit.access.may(Action.READ, "desk.line")
    assert isinstance(desk.update(ann, clients["anna"], name="Anna Ltd"), Accepted)
    assert lines_of(system) == ["line of Anna Works"]  # what she does not see stays


def test_a_field_that_may_be_read_but_not_written_is_refused_at_its_place(desk, ann, clients, said):
    outcome = desk.update(ann, clients["anna"], credit="5")
    assert said(outcome) == {"credit": "This field cannot be changed here."}
    assert isinstance(desk.update(ann, clients["anna"], credit="100", name="Anna's"), Accepted)


def test_what_cannot_be_written_cannot_be_given_to_a_new_record_either(desk, ann, said):
    assert said(desk.create("desk.client", ann, name="x", credit="5", owner=ann.id)) == {
        "credit": "This field cannot be changed here."
    }
    assert isinstance(desk.create("desk.client", ann, name="x", owner=ann.id), Accepted)


def test_a_new_record_must_lie_within_the_scope(desk, ann, bob):
    assert isinstance(desk.create("desk.client", ann, name="x", owner=bob.id), Rejected)


def test_a_guard_limits_everybody_but_those_who_are_exempt(desk, system, clients, ann):
    auditor = desk.person("ada", "desk.auditor")
    record = desk.accept("desk.client", system, name="Held", flagged=True).record
    with pytest.raises(NotFound):
        desk.update(auditor, record, name="y")
    assert isinstance(desk.update(auditor, clients["anna"], name="y"), Accepted)


def test_a_grant_ends_on_its_last_day_and_reaches_only_its_states(desk, system, clients):
    clerk = desk.person("cy", "desk.clerk")
    with desk.runtime.unit(clerk) as unit:
        assert not unit.access.may(Action.DELETE, "desk.client")
    assert len(read(desk, clerk).records) == 3
    desk.update(system, clients["anna"], state="closed")
    assert len(read(desk, clerk).records) == 2


def test_a_team_lead_sees_what_the_people_of_the_teams_below_own(desk, system, ann, bob, clients):
    boss = desk.person("boss", "desk.boss")
    top = desk.accept("core.team", system, name="Top", lead=boss.id).record
    low = desk.accept("core.team", system, name="Low", parent_team=top.id).record
    assert names(read(desk, boss)) == set()
    with desk.runtime.unit(system) as unit:
        user = unit.gate.find(Action.READ, "core.user", ann.id)
    desk.update(system, user, team=low.id)
    assert names(read(desk, boss)) == {"Anna Works"}
    with desk.runtime.unit(system) as unit:
        user = unit.gate.find(Action.READ, "core.user", ann.id)
    records.update(desk.runtime, system, "core.user", ann.id, Input({"team": None}), version=None)
    assert names(read(desk, boss)) == set()


def test_a_record_is_handed_over_only_by_who_may(desk, ann, bob, clients, said):
    auditor = desk.person("ada", "desk.auditor")
    refused = desk.update(auditor, clients["anna"], owner=bob.id)
    assert said(refused) == {
        "owner": "You do not have the right to give this record to somebody else."
    }


@pytest.mark.parametrize("level", ["read", "edit"])
@pytest.mark.parametrize("kind", ["user", "team"])
def test_a_share_opens_one_record_as_far_as_it_says(desk, system, ann, bob, clients, level, kind):
    team = desk.accept("core.team", system, name="Friends").record
    member = replace(bob, teams=(team.id,))
    grantee = team.id if kind == "team" else bob.id
    assert names(read(desk, member)) == {"Bob Works", "Pool Works"}
    with desk.runtime.unit(system, write=True) as unit:
        unit.tx.shares.put("desk.client", clients["anna"].id, kind, grantee, level, by=None)
    rows = {row["name"]: row for row in shown(desk, member)}
    assert set(rows) == {"Anna Works", "Bob Works", "Pool Works"}
    assert rows["Anna Works"]["phone"] == "13800138001"
    if level == "edit":
        assert isinstance(desk.update(member, clients["anna"], name="Ours"), Accepted)
    else:
        with pytest.raises(NotFound):
            desk.update(member, clients["anna"], name="Ours")
    with desk.runtime.unit(system, write=True) as unit:
        assert unit.tx.shares.remove("desk.client", clients["anna"].id, kind, grantee)
    assert names(read(desk, member)) == {"Bob Works", "Pool Works"}


def test_a_share_gives_nobody_a_kind_of_record_that_his_roles_do_not(desk, system, clients):
    stranger = desk.person("sue", "core.member")
    with desk.runtime.unit(system, write=True) as unit:
        unit.tx.shares.put("desk.client", clients["anna"].id, "user", stranger.id, "edit", by=None)
    with desk.runtime.unit(stranger) as unit, pytest.raises(NotFound):
        unit.gate.find(Action.READ, "desk.client", clients["anna"].id)


def test_an_export_writes_masks_as_masks_and_knows_no_hidden_column(desk, helper, clients):
    with desk.runtime.unit(helper) as unit:
        entity = unit.entity("desk.client")
        columns = exports.columns_of(unit, entity)
        assert [column.key for column in columns] == [
            "id", "name", "phone", "owner", "created_at", "updated_at",
        ]  # fmt: skip
        rows = list(exports.rows_of(unit, entity, columns))
        assert exports.text_of(columns[2], rows[0][2]) == "138****8001"
        for key in ("secret", "nothing"):
            with pytest.raises(UnknownName):
                exports.columns_of(unit, entity, [key])


def test_a_picker_offers_only_what_may_be_read(desk, helper, ann, clients):
    with desk.runtime.unit(ann) as unit:
        found = reading.pick(unit, "desk.letter", "client", "", Input())
        assert {choice.title for choice in found} == {"Anna Works", "Pool Works"}
        details = {choice.title: choice.detail for choice in found}
        assert details["Pool Works"] == "", "neither the masked phone nor the hidden secret"


def test_users_are_known_by_name_to_everybody_and_no_further(desk, ann):
    stranger = desk.person("sue", "desk.helpdesk")
    with desk.runtime.unit(stranger) as unit:
        record = unit.gate.find(Action.READ, "core.user", ann.id)
        assert record.values["name"] == "Ann"
        assert record.values["login"] is None
        assert "login" in record.withheld


def test_without_the_sight_the_same_questions_would_tell(desk, ann, clients):
    """The control: asked of the store itself, the filter that tells Ann nothing finds what is kept from her."""
    with desk.runtime.unit(ann) as unit:
        seen, plain = (
            unit.gate.sight.columns.record("desk.client"),
            unit.columns.record("desk.client"),
        )
        for row, found in ((seen, 0), (plain, 1)):
            query = ListQuery(row, [equals(row, "secret", "gamma")])
            assert len(unit.tx.records.list(query).records) == found


def test_a_form_shows_what_is_masked_and_locked_as_such(desk, ann, helper, clients):
    with desk.runtime.unit(ann) as unit:
        record = unit.gate.find(Action.UPDATE, "desk.client", clients["anna"].id)
        states = drafting.draft(unit, "desk.client", record=record).states
        assert states["credit"].readonly
        assert not states["name"].readonly
    with desk.runtime.unit(helper) as unit, pytest.raises(NotFound):
        unit.gate.find(Action.UPDATE, "desk.client", clients["anna"].id)


def test_the_trap_shuts_on_whoever_goes_around_the_gate(desk, system, clients):
    code = compile("def around(unit):\n    return unit.tx.records.list(None)", "around.py", "exec")
    module = {"__name__": "formwright.web.around"}
    exec(code, module)  # noqa: S102 -- a module of ours that asks the store itself
    with desk.runtime.unit(system) as unit, pytest.raises(AssertionError, match="around the gate"):
        module["around"](unit)
