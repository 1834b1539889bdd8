"""Changing rights locally: what people would gain and lose, publishing, and what stays through an upgrade."""

from __future__ import annotations

import pytest

from formwright.definitions.model import Action
from formwright.engine import local_rights, matrix, packages
from formwright.engine.gate import Query
from formwright.engine.local_rights import CannotChange
from formwright.errors import Conflict, DefinitionErrors, Forbidden

DESK = """
package: {key: desk, title: Desk, version: 1.0.0}
entities:
  client:
    title: Client
    ownership: {owner_field: owner}
    fields:
      name: {type: text, title: Name, required: true}
      phone: {type: phone, title: Phone, mask: last4}
      credit: {type: integer, title: Credit}
      owner: {type: user, title: Owner, indexed: true}
roles:
  rep: {title: Rep}
  boss: {title: Boss, inherits: [rep]}
grants:
  rep_own: {role: rep, entity: client, actions: [read, update], scope: own, fields: {except: [credit]}}
  boss_all: {role: boss, entity: client, actions: [read, update, delete]}
"""
OVERLAY = "overlay:\n  grants:\n    %s\n"


@pytest.fixture
def desk(office, tmp_path):
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "package.yaml").write_text(DESK, "utf-8")
    packages.apply_folder(office.runtime, packages.installer(office.runtime.catalog), folder)
    system = packages.installer(office.runtime.catalog)
    roles = {"ada": "core.admin", "ann": "desk.rep", "bob": "desk.rep", "boss": "desk.boss"}
    for login, role in roles.items():
        office.person(login, role)
    with office.runtime.unit(system, write=True) as unit:
        for login, role in roles.items():
            unit.tx.users.set_roles(office.people[login].id, [role], by=None)
    return office


@pytest.fixture
def ada(desk):
    return desk.people["ada"]


def text(desk, actor, entry=""):
    with desk.runtime.unit(actor) as unit:
        base = local_rights.text_of(unit)
    return base + (OVERLAY % entry if entry else "")


def rights(desk, actor, entry, more=""):
    with desk.runtime.unit(actor) as unit:
        proposal = local_rights.propose(unit, text(desk, actor, entry) + more)
    return [str(each) for each in proposal.plan.rights]


def publish(desk, actor, changed):
    seen = desk.runtime.catalog.revision
    return local_rights.publish(desk.runtime, actor, changed, seen=seen)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("desk.boss_all: {scope: team}", [
            "1 person loses on “Client” outside of “own, own and those of the teams one leads”: read, change",
            "1 person loses on “Client” outside of “own and those of the teams one leads”: delete",
        ]),
        ("desk.rep_own: {scope: all}", [
            "2 people gain on all of “Client”, so far only on some (own): read, change",
        ]),
        ("desk.rep_own: {scope: pool}", [
            "2 people gain on some of “Client” (without an owner): read, change",
            "2 people lose on some of “Client” (own): read, change",
        ]),
        ("desk.rep_own: {enabled: false}", [
            "2 people lose on some of “Client” (own): read, change",
        ]),
        ("desk.rep_own: {actions: [read, update, export]}", [
            "3 people gain on some of “Client” (own): export",
        ]),
        ("desk.rep_own: {fields: {clear: [phone]}}", [
            "3 people see “Phone” of “Client” in full now",
            "2 people may change “Credit” of “Client” now",
        ]),
        ("desk.boss_all: {fields: {hide: [credit], except: [name]}}", [
            "1 person sees or changes other fields of some records of “Client”",
            "1 person may no longer change “Credit” of “Client”",
        ]),
        ("desk.boss_all: {until: '2026-03-01'}", [
            "1 person loses on “Client” outside of “own”: read, change",
            "1 person may no longer change “Credit” of “Client”",
            "1 person loses on all of “Client”: delete",
        ]),
        ("desk.boss_all: {until: '2026-03-02'}", []),
        ("desk.boss_all: {scope: 'true'}", []),
    ],
)  # fmt: skip
def test_it_is_said_who_gains_and_loses_what(desk, ada, entry, said):
    assert rights(desk, ada, entry) == said


def test_a_new_limit_over_all_grants_takes_from_everybody(desk, ada):
    guard = 'guards:\n  big: {entity: desk.client, scope: "credit > 5", actions: [update]}\n'
    found = rights(desk, ada, "desk.rep_own: {note: x}", guard)
    assert "3 people lose on “Client” outside of “credit > 5”: change" in found


def test_people_who_have_left_do_not_count(desk, ada):
    with desk.runtime.unit(packages.installer(desk.runtime.catalog), write=True) as unit:
        unit.tx.users.put_credential(desk.people["bob"].id, "bob", "x", active=False)
    assert rights(desk, ada, "desk.rep_own: {enabled: false}")[0].startswith("1 person loses")


def test_the_sentences_are_chinese_too(desk, ada):
    with desk.runtime.unit(ada) as unit:
        changed = text(desk, ada, "desk.rep_own: {enabled: false}")
        found = local_rights.propose(unit, changed).plan.rights
    assert (
        found[0]
        .in_language("zh-CN")
        .startswith("2 人失去对部分“Client”（自己的）的权限：查看、修改")
    )


def test_a_published_change_counts_and_survives_an_upgrade_of_the_package(desk, ada, tmp_path):
    ann, system = desk.people["ann"], packages.installer(desk.runtime.catalog)
    desk.accept("desk.client", system, name="Free")
    assert count(desk, ann) == 0
    with desk.runtime.unit(ada) as unit:
        changed = local_rights.with_grant_changed(unit, "desk.rep_own", {"scope": "pool"})
    publish(desk, ada, changed)
    assert count(desk, ann) == 1
    (tmp_path / "desk" / "package.yaml").write_text(DESK.replace("1.0.0", "1.1.0"), "utf-8")
    packages.apply_folder(desk.runtime, system, tmp_path / "desk")
    assert count(desk, ann) == 1
    gone = "\n".join(line for line in DESK.splitlines() if "rep_own" not in line)
    (tmp_path / "desk" / "package.yaml").write_text(gone, "utf-8")
    with pytest.raises(DefinitionErrors) as told:
        packages.apply_folder(desk.runtime, system, tmp_path / "desk")
    assert [each.location.file for each in told.value.problems] == ["local/rights.yaml"]
    with desk.runtime.unit(ada) as unit:
        back = local_rights.with_grant_changed(unit, "desk.rep_own", {})
        assert "overlay" not in back
    publish(desk, ada, back)
    assert count(desk, ann) == 0


def count(desk, actor):
    with desk.runtime.unit(actor) as unit:
        return len(unit.gate.read(Query("desk.client")).records)


def test_comments_of_the_text_are_kept(desk, ada):
    publish(
        desk, ada, text(desk, ada, "desk.rep_own: {scope: pool}  # asked for by the works council")
    )
    with desk.runtime.unit(ada) as unit:
        changed = local_rights.with_grant_changed(unit, "desk.boss_all", {"enabled": False})
        added = local_rights.with_grant_added(unit, "extra", {"role": "desk.rep", "entity": "desk.client", "actions": ["print"]})  # fmt: skip
    assert "# asked for by the works council" in changed
    assert "# asked for by the works council" in added
    publish(desk, ada, added)
    assert any(grant.name == "local.extra" for grant in desk.runtime.catalog.grants)
    with desk.runtime.unit(ada) as unit, pytest.raises(CannotChange):
        local_rights.with_grant_added(unit, "extra", {"role": "desk.rep"})


def test_an_applied_folder_with_more_files_stays_whole(desk, ada, tmp_path):
    folder = tmp_path / "local"
    folder.mkdir()
    manifest = "package: {key: local, title: Ours, version: 1.0.0, requires: {desk: '*'}}\n"
    (folder / "package.yaml").write_text(manifest, "utf-8")
    (folder / "grants.yaml").write_text("grants: {a: {role: desk.rep, entity: desk.client, actions: [print]}}\n", "utf-8")  # fmt: skip
    packages.apply_folder(desk.runtime, packages.installer(desk.runtime.catalog), folder)
    with desk.runtime.unit(ada) as unit:
        changed = local_rights.with_grant_changed(unit, "desk.rep_own", {"scope": "pool"})
    publish(desk, ada, changed)
    names = {grant.name: grant for grant in desk.runtime.catalog.grants}
    assert names["local.a"].package == "local"
    assert names["desk.rep_own"].scope_word == "pool"


def test_two_at_once_do_not_write_over_each_other(desk, ada):
    seen = desk.runtime.catalog.revision
    changed = text(desk, ada, "desk.rep_own: {scope: pool}")
    publish(desk, ada, text(desk, ada, "desk.boss_all: {scope: team}"))
    with pytest.raises(Conflict):
        local_rights.publish(desk.runtime, ada, changed, seen=seen)


def test_nobody_else_may_look_at_rights_or_change_them(desk):
    for login in ("ann", "boss"):
        with desk.runtime.unit(desk.people[login]) as unit:
            for act in (matrix.matrix, local_rights.text_of):
                with pytest.raises(Forbidden):
                    act(unit)
        with pytest.raises(Forbidden):
            publish(desk, desk.people[login], "package: {key: local, title: L, version: 1.0.0}\n")


def test_the_last_one_who_looks_after_rights_cannot_be_shut_out(desk, ada):
    with desk.runtime.unit(ada) as unit, pytest.raises(CannotChange, match="Nobody would be left"):
        local_rights.propose(unit, text(desk, ada, "core.admin_users: {enabled: false}"))


def test_the_matrix_shows_reach_source_and_fields(desk, ada):
    publish(desk, ada, text(desk, ada, "desk.rep_own: {scope: pool}"))
    with desk.runtime.unit(ada) as unit:
        found = matrix.matrix(unit, ["desk.rep", "desk.boss"], "desk.client", "desk.client")
        cell = matrix.cell(unit, "desk.boss", "desk.client")
    assert [role.key for role in found.roles] == ["rep", "boss"]
    rep, boss = ({each.actions: each for each in cell} for cell in found.rows[0].cells)
    assert rep[Action.CREATE,].records is None
    assert str(rep[Action.READ,].records) == "without an owner"
    assert (rep[Action.READ,].fields, rep[Action.READ,].changed) == (True, True)
    assert str(boss[Action.READ,].records) == "all"
    assert boss[Action.READ,].inherited == ()
    credit = next(row for row in found.fields if row.field.key == "credit")
    phone = next(row for row in found.fields if row.field.key == "phone")
    assert [str(can) for _, can in credit.cells] == ["not to be changed", "can be changed"]
    assert [str(seen) for seen, _ in phone.cells] == ["masked: the last four characters"] * 2
    assert [(view.grant.key, str(view.inherited or "")) for view in cell.grants] == [
        ("rep_own", "Rep"),
        ("boss_all", ""),
    ]
