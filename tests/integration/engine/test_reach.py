"""How far a writer's reach goes: what is out of reach stays unseen, and forms settle whatever hides what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from formwright.engine import drafting, packages, reading, records, trash, views
from formwright.engine.drafts import Accepted, Input, Rejected, RowInput, Typed
from formwright.engine.gate import Query
from formwright.errors import Forbidden, NotFound
from formwright.ids import format_id
from formwright.store.problems import Restricted

LAB = """
package: {key: lab, title: Lab, version: 1.0.0}
entities:
  person:
    title: Person
    ownership: {owner_field: owner}
    fields:
      name: {type: text, title: Name, required: true, searchable: true}
      hint: {type: text, title: Hint}
      owner: {type: user, title: Owner, default_from: me, indexed: true}
  deal:
    title: Deal
    display: "{{ title }} for {{ person.name }}"
    fields:
      title: {type: text, title: Title, required: true, searchable: true}
      person: {type: reference, title: Person, to: person, inverse: deals}
      note: {type: text, title: Note, fill_from: {value: person.hint}}
      peers: {type: formula, title: Peers, compute: "COUNT(person.deals)", stored: false}
      kind: {type: choice, title: Kind, options: [a, b], default: a}
      sub: {type: text, title: Sub, visible_when: "kind == 'a'", on_hide: clear}
      detail: {type: text, title: Detail, visible_when: "sub == 'x'", on_hide: clear}
      state: {type: choice, title: State, options: [open, closed], default: open}
      number: {type: integer, title: Number}
      cube: {type: formula, title: Cube, returns: integer, compute: "number * number * number"}
      lines: {type: subform, title: Lines, of: line, readonly_when: "state == 'closed'"}
      total: {type: formula, title: Total, returns: integer, compute: "SUM(lines.amount)"}
  line:
    title: Line
    kind: child
    fields:
      code: {type: text, title: Code, unique: true}
      hush: {type: boolean, title: Hush}
      amount: {type: integer, title: Amount, visible_when: "!hush", on_hide: clear}
forms:
  deal_form:
    entity: deal
    layout:
      main: {type: section, fields: [title, person, note, kind, sub, detail, state, number]}
      locked: {type: section, readonly_when: "state == 'closed'", fields: [total]}
      rows: {type: section, items: {lines: {type: subform}}}
views:
  deals:
    entity: deal
    title: Deals
    columns: [title, person.name, person.owner, peers]
roles:
  clerk: {title: Clerk}
  visitor: {title: Visitor}
grants:
  deals: {role: clerk, entity: deal, actions: [read, create, update, delete]}
  restore: {role: clerk, entity: deal, actions: [restore], scope: "title != 'hidden'"}
  persons: {role: clerk, entity: person, actions: [read, create, update, delete], scope: "owner == me"}
"""


@pytest.fixture
def lab(office, tmp_path):
    folder = tmp_path / "lab"
    folder.mkdir()
    (folder / "package.yaml").write_text(LAB, "utf-8")
    packages.apply_folder(office.runtime, packages.installer(office.runtime.catalog), folder)
    return office


@pytest.fixture
def ann(lab):
    return lab.person("ann", "lab.clerk")


@pytest.fixture
def bob(lab):
    return lab.person("bob", "lab.clerk")


@pytest.fixture
def hers(lab, ann):
    return lab.accept("lab.person", ann, name="Anna's friend", hint="s3cret").record


def test_nothing_is_copied_from_a_record_out_of_reach(lab, bob, hers, given, said):
    with lab.runtime.unit(bob) as unit:
        drawn = drafting.draft(
            unit, "lab.deal", given=given(title="x", person=format_id(hers.id)), changed="person"
        )
    assert drawn.states["note"].value is None
    outcome = lab.create("lab.deal", bob, title="x", person=hers.id)
    assert said(outcome) == {"person": "Choose one from the list."}
    assert outcome.draft.states["note"].value is None


def test_nobody_draws_a_form_of_what_he_may_not_create(lab, hers, given):
    visitor = lab.person("eve", "lab.visitor")
    with lab.runtime.unit(visitor) as unit, pytest.raises(Forbidden):
        drafting.draft(unit, "lab.deal", given=given(person=format_id(hers.id)))


def test_titles_and_lists_do_not_name_records_out_of_reach(lab, ann, bob, hers):
    deal = lab.accept("lab.deal", ann, title="Pumps", person=hers.id).record
    with lab.runtime.unit(bob) as unit:
        page = reading.open_record(unit, "lab.deal", deal.id)
        assert page.title == "Pumps for "
        assert "peers" not in page.draft.states  # made of what is out of reach
        row = views.list_view(unit, "lab.deals", views.ListState()).rows[0]
        assert [cell.text for cell in row.cells][:2] == ["Pumps", ""]
        found = [choice.title for _, each in reading.search_all(unit, "Pumps") for choice in each]
        assert found == ["Pumps for "]
    with lab.runtime.unit(ann) as unit:
        row = views.list_view(unit, "lab.deals", views.ListState()).rows[0]
        assert [cell.text for cell in row.cells] == ["Pumps", "Anna's friend", "Ann", "1"]


def test_a_list_that_follows_references_costs_no_statement_a_row(lab, ann, count_statements):
    for number in range(12):
        friend = lab.accept("lab.person", ann, name=f"Friend {number}").record
        lab.accept("lab.deal", ann, title=f"Deal {number}", person=friend.id)
    with lab.runtime.unit(ann) as unit:
        catalog = unit.catalog
    view = catalog.views["lab.deals"]
    plain = replace(
        view, columns=tuple(column for column in view.columns if column.path != "peers")
    )
    with count_statements() as statements, lab.runtime.unit(ann) as unit:
        listed = [row.title for row in views.list_rows(unit, plain, _newest(unit))]
    assert len(listed) == 12
    assert len(statements) <= 5, "\n".join(statements)


def _newest(unit):
    return unit.gate.read(Query("lab.deal")).records


def test_the_trash_and_a_refusal_speak_only_of_what_may_be_seen(lab, ann, bob, hers):
    for title in ("hidden", "shown"):
        deal = lab.accept("lab.deal", ann, title=title).record
        trash.delete(lab.runtime, ann, "lab.deal", deal.id)
    with lab.runtime.unit(bob) as unit:
        assert [item.title for item in trash.trash(unit, "lab.deal")] == ["shown for "]
    lab.accept("lab.deal", ann, title="Pumps", person=hers.id)
    with pytest.raises(Restricted) as held:
        trash.delete(lab.runtime, ann, "lab.person", hers.id)
    assert [(each.entity, each.count) for each in held.value.referrers] == [("lab.deal", 1)]


def test_a_row_is_not_written_by_itself(lab, ann):
    deal = lab.accept(
        "lab.deal", ann, {"lines": [{"code": "1", "amount": "5"}]}, title="Pumps"
    ).record
    with lab.runtime.unit(ann) as unit:
        line = unit.tx.records.children("lab.line", [deal.id])[0]
    with pytest.raises(Forbidden):
        trash.delete(lab.runtime, ann, "lab.line", line.id)
    with pytest.raises(Forbidden):
        records.update(lab.runtime, ann, "lab.line", line.id, Input({"amount": 1}), version=1)


def test_a_refused_record_with_an_unstored_formula_comes_back_as_a_draft(lab, ann, hers):
    outcome = lab.create("lab.deal", ann, title="", person=hers.id)
    assert isinstance(outcome, Rejected)
    assert outcome.draft.states["peers"].value == 0


def test_what_is_hidden_is_cleared_to_the_last_field_and_totals_follow(lab, ann):
    deal = lab.accept(
        "lab.deal", ann,
        {"lines": [{"code": "1", "amount": "5"}, {"code": "2", "amount": "7", "hush": "yes"}]},
        title="Pumps", kind="b", sub="x", detail="deep",
    ).record  # fmt: skip
    assert (deal.values["sub"], deal.values["detail"], deal.values["total"]) == (None, None, 5)


def test_a_unique_value_in_a_row_is_refused_at_its_place(lab, ann):
    twice = lab.create("lab.deal", ann, {"lines": [{"code": "1"}, {"code": "1"}]}, title="Pumps")
    assert [(v.field, v.row_field) for v in twice.violations] == [("lines", "code")]
    lab.accept("lab.deal", ann, {"lines": [{"code": "1"}]}, title="Pumps")
    taken = lab.create("lab.deal", ann, {"lines": [{"code": "9"}, {"code": "1"}]}, title="Valves")
    assert {(v.field, v.row_field) for v in taken.violations} == {("lines", "code")}


def test_rows_that_are_read_only_now_stay_as_they_are(lab, ann, said):
    deal = lab.accept("lab.deal", ann, {"lines": [{"code": "1"}]}, title="Pumps").record
    closed = lab.update(ann, deal, state="closed").record
    rows = {"lines": [RowInput("new", {"code": Typed(("2",))})]}
    outcome = records.update(
        lab.runtime, ann, "lab.deal", deal.id, Input(rows=rows), version=closed.version
    )
    assert said(outcome) == {"lines": "This field cannot be changed here."}


def test_a_result_that_does_not_fit_is_said_and_not_dropped(lab, ann, said):
    assert isinstance(lab.create("lab.deal", ann, title="Pumps", number="20000"), Accepted)
    outcome = lab.create("lab.deal", ann, title="Pumps", number="900000000000")
    assert set(said(outcome)) == {"cube"}


def test_a_related_list_without_a_view_shows_the_first_fields(lab, ann, hers):
    lab.accept("lab.deal", ann, title="Pumps", person=hers.id)
    with lab.runtime.unit(ann) as unit:
        page = reading.related_page(unit, "lab.person", hers.id, "deals", views.ListState())
        assert [row.title for row in page.rows] == ["Pumps for Anna's friend"]
        with pytest.raises(NotFound):
            reading.related_page(unit, "lab.person", hers.id, "name", views.ListState())
