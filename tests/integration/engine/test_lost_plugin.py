"""A plugin goes away while packages in force use its functions: everything opens, and nothing is let through."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from formwright.definitions.model import Action
from formwright.engine import packages, views
from formwright.engine.runtime import Runtime
from formwright.errors import DefinitionErrors, NotFound
from formwright.plugins import manager
from formwright.store import backfill
from formwright.store.store import Store

PLUGIN = '''
"""Judges numbers."""
from sqlalchemy import func

from formwright.expressions.functions import Function, Parameter
from formwright.expressions.kinds import BOOLEAN, NUMBER, Base
from formwright.plugins.hookspecs import hookimpl
from formwright.plugins.wording import wording

NUMBERS = (Parameter("number", (Base.NUMBER,)),)
TEXTS = (Parameter("text", (Base.TEXT,)),)
WORDS = wording("Judges.", chinese="判断。")


@hookimpl
def formwright_functions():
    return [
        Function("RISK", "plugin", WORDS, NUMBERS, NUMBER, lambda number: number * 2),
        Function("RISKY", "plugin", WORDS, TEXTS, BOOLEAN, lambda text: "!" in text,
                 sql=lambda dialect, text: text.contains("!")),
    ]
'''
PACKAGE = """
package: {key: loans, title: Loans, version: 1.0.0}
entities:
  loan:
    title: Loan
    display: "{% if RISKY(note) %}! {% endif %}{{ name }}"
    fields:
      name: {type: text, title: Name, required: true}
      note: {type: text, title: Note}
      wild: {type: boolean, compute: RISKY(note), stored: false}
      amount: {type: integer, title: Amount}
      risk: {type: decimal, compute: RISK(amount)}
      doubled: {type: formula, compute: RISK(amount)}
      fresh: {type: formula, compute: RISK(amount), stored: false}
      more: {type: formula, compute: fresh + 1, stored: false}
      reason: {type: text, title: Reason, visible_when: RISKY(note), on_hide: clear}
      fixed: {type: text, title: Fixed, readonly_when: RISKY(note)}
      copied: {type: decimal, default_from: RISK(3)}
      open: {type: boolean}
    rules:
      bounded: {assert: "open || RISK(amount) < 1000", message: Too risky., at: amount}
views:
  loans: {title: Loans, entity: loan, columns: [name, risk, doubled, fresh, more], default: true}
  risky: {title: Risky, entity: loan, columns: [name], filter: "!RISKY(note)"}
roles:
  clerk: {title: Clerk}
  trainee: {title: Trainee}
  follower: {title: Follower}
grants:
  all: {role: clerk, entity: loan, actions: [read, create, update, delete]}
  harmless: {role: trainee, entity: loan, actions: [read, update], scope: "!RISKY(note)"}
  derived: {role: follower, entity: loan, actions: [read], scope: "!wild"}
"""
NOTICE = "The plug-in with the function RISK is missing; what uses it cannot be worked out."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "loans"
    folder.mkdir()
    (folder / "package.yaml").write_text(PACKAGE, "utf-8")
    plugin = tmp_path / "plugins/risks/plugin.py"
    plugin.parent.mkdir(parents=True)
    plugin.write_text(PLUGIN, "utf-8")
    return folder


@pytest.fixture
def whole(office, folder: Path):
    """Give the office the plugin, and put the package in force."""
    office.runtime.plugins = manager.load([folder.parent / "plugins"], entry_points=False)
    packages.apply_folder(office.runtime, packages.installer(office.runtime.catalog), folder)
    return office


@pytest.fixture
def bare(whole, installed_url: str) -> Iterator[Runtime]:
    """Return a process that has no plugin."""
    store = Store.open(installed_url)
    yield Runtime(store, manager.load([], entry_points=False), whole.clock, whole.runtime.site)
    store.close()


def test_nobody_gains_or_loses_a_record(whole, bare):
    clerk = whole.person("clerk", "loans.clerk")
    trainee, follower = whole.person("t", "loans.trainee"), whole.person("f", "loans.follower")
    record = whole.accept("loans.loan", clerk, name="Small", note="calm").record
    for actor in (trainee, follower):
        with whole.runtime.unit(actor) as unit:
            assert unit.gate.find(Action.READ, "loans.loan", record.id).id == record.id
        with bare.unit(actor) as unit:
            assert views.list_view(unit, "loans.loans", views.ListState()).count == 0
            with pytest.raises(NotFound):
                unit.gate.find(Action.READ, "loans.loan", record.id)
    with bare.unit(clerk) as unit:
        assert views.list_view(unit, "loans.risky", views.ListState()).count == 0
        assert unit.gate.find(Action.READ, "loans.loan", record.id).id == record.id


def test_lists_and_titles_open_without_what_is_missing(whole, bare):
    clerk = whole.person("clerk", "loans.clerk")
    typed = {"name": "Big", "amount": "7", "note": "!", "reason": "R"}
    record = whole.accept("loans.loan", clerk, **typed).record
    with whole.runtime.unit(clerk) as unit:
        assert unit.title(unit.sight.wrap(record)) == "! Big"
        assert shown(unit) == ["Big", "14", "14", "14", "15"]
    with bare.unit(clerk) as unit:
        assert unit.title(unit.sight.wrap(record)) == "Big"
        assert shown(unit) == ["Big"]  # nobody knows whether the others are open to the reader


def shown(unit) -> list[str]:
    (row,) = views.list_view(unit, "loans.loans", views.ListState()).rows
    return [cell.text for cell in row.cells]


def test_a_rule_refuses_and_says_what_is_missing(whole, bare, said):
    clerk = whole.person("clerk", "loans.clerk")
    typed = {"name": "Big", "amount": "7", "note": "!", "reason": "R"}
    record = whole.accept("loans.loan", clerk, **typed).record
    whole.runtime = bare
    assert said(whole.create("loans.loan", clerk, name="New", amount="1", open="yes")) == {
        "amount": NOTICE
    }
    assert said(whole.update(clerk, record, name="Other")) == {"amount": NOTICE}
    assert whole.create("loans.loan", clerk, name="New").violations


def test_what_was_worked_out_and_what_might_be_hidden_is_kept(whole, bare, folder):
    without_rule = PACKAGE.replace("    rules:\n", "").replace(
        '      bounded: {assert: "open || RISK(amount) < 1000", message: Too risky., at: amount}\n',
        "",
    )
    (folder / "package.yaml").write_text(without_rule, "utf-8")
    packages.apply_folder(whole.runtime, packages.installer(whole.runtime.catalog), folder)
    clerk = whole.person("clerk", "loans.clerk")
    typed = {"name": "Big", "amount": "7", "note": "!", "reason": "R"}
    record = whole.accept("loans.loan", clerk, **typed).record
    with_plugin, whole.runtime = whole.runtime, bare
    changed = whole.update(clerk, record, name="Other").record
    values = changed.values
    assert (values["name"], values["reason"], values["risk"]) == ("Other", "R", Decimal(14))
    assert str(whole.update(clerk, changed, fixed="x").violations[0].message)
    assert whole.accept("loans.loan", clerk, name="New").record.values["copied"] is None
    whole.runtime = with_plugin
    with whole.runtime.unit(clerk) as unit:
        found = unit.gate.find(Action.READ, "loans.loan", record.id)
        assert found.values["doubled"] == Decimal(14)
        assert backfill.mismatches(unit.tx.connection, unit.tx.shape, "loans.loan") == 0


def test_a_package_that_uses_what_is_missing_is_refused(whole, bare, folder):
    (folder / "package.yaml").write_text(PACKAGE.replace("1.0.0", "1.0.1"), "utf-8")
    with pytest.raises(DefinitionErrors) as checked:
        packages.check_folder(bare, folder)
    assert "there is no function 'RISK'" in {str(each.message) for each in checked.value.problems}
    before = bare.catalog.revision
    with pytest.raises(DefinitionErrors):
        packages.apply_folder(bare, packages.installer(bare.catalog), folder)
    with bare.unit(packages.installer(bare.catalog)) as unit:
        assert unit.catalog.revision == before
        assert {str(each.message) for each in unit.catalog.lost} >= {NOTICE}
        assert all(each.location.line for each in unit.catalog.lost)
    assert whole.runtime.catalog.lost == ()
