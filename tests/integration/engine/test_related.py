"""Lists whose formulas look at what refers to a record: few statements however many rows, and the same answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from formwright.engine import packages, views

PACKAGE = """
package: {key: farm, title: Farm, version: 1.0.0}
entities:
  field:
    title: Field
    display: "{{ name }}"
    fields:
      name: {type: text, title: Name, required: true}
      visits: {type: backlink, title: Visits, from: visit.field}
      crops: {type: subform, title: Crops, of: crop}
      visited: {type: formula, title: Visited, compute: COUNT(visits), stored: false}
      hours: {type: formula, title: Hours, compute: SUM(visits.hours), stored: false}
      both: {type: formula, title: Both, compute: hours + visited, stored: false}
      planted: {type: formula, title: Planted, compute: SUM(crops.area), stored: false}
      old: {type: formula, title: Old, compute: "COUNT(visits, item.by.age > 50)", stored: false}
  crop:
    title: Crop
    kind: child
    fields:
      area: {type: integer, title: Area}
  visit:
    title: Visit
    fields:
      field: {type: reference, title: Field, to: field}
      by: {type: reference, title: By, to: worker}
      hours: {type: integer, title: Hours}
      secret: {type: boolean, title: Secret}
  worker:
    title: Worker
    fields:
      age: {type: integer, title: Age}
views:
  fields: {title: Fields, entity: field, columns: [name, visited, hours, both, planted, old], sort: [name], default: true}
roles:
  farmer: {title: Farmer}
  guest: {title: Guest}
grants:
  all: {role: farmer, entity: field, actions: [read, create, update, delete]}
  visits: {role: farmer, entity: visit, actions: [read, create]}
  workers: {role: farmer, entity: worker, actions: [read, create]}
  see: {role: guest, entity: field, actions: [read]}
  see_visits: {role: guest, entity: visit, actions: [read], scope: "!secret"}
"""


@pytest.fixture
def farm(office, tmp_path: Path):
    folder = tmp_path / "farm"
    folder.mkdir()
    (folder / "package.yaml").write_text(PACKAGE, "utf-8")
    packages.apply_folder(office.runtime, packages.installer(office.runtime.catalog), folder)
    return office


def add(farm, numbers: range) -> None:
    farmer = farm.person("farmer", "farm.farmer")
    workers = [farm.accept("farm.worker", farmer, age=str(age)).record.id for age in (30, 60)]
    for number in numbers:
        field = farm.accept(
            "farm.field", farmer, {"crops": [{"area": "2"}, {"area": str(number)}]}, name=f"F{number:02}"
        ).record  # fmt: skip
        for visit in range(number % 3):
            farm.accept(
                "farm.visit", farmer, field=field.id, by=workers[visit], hours=str(number),
                secret="yes" if visit else "",
            )  # fmt: skip


def cells(farm, actor) -> list[list[str]]:
    with farm.runtime.unit(actor) as unit:
        page = views.list_view(unit, "farm.fields", views.ListState())
        return [[cell.text for cell in row.cells] for row in page.rows]


def test_a_formula_over_a_backlink_costs_no_statement_a_row(farm, count_statements):
    farmer = farm.person("farmer", "farm.farmer")
    counts = []
    for numbers in (range(2, 6), range(6, 30)):
        add(farm, numbers)
        with count_statements() as statements:
            rows = cells(farm, farmer)
        counts.append(len(statements))
    assert len(rows) == 28
    assert counts[0] == counts[1] <= 9, "\n".join(statements)


def test_it_gives_what_was_given_one_by_one_within_the_rights_of_whoever_looks(farm):
    add(farm, range(3, 6))
    farmer, guest = farm.person("farmer", "farm.farmer"), farm.person("guest", "farm.guest")
    assert cells(farm, farmer) == [
        ["F03", "0", "0", "0", "5", "0"],
        ["F04", "1", "4", "5", "6", "0"],
        ["F05", "2", "10", "12", "7", "1"],
    ]
    assert cells(farm, guest) == [["F03", "5"], ["F04", "6"], ["F05", "7"]]  # no sums over a part
    with farm.runtime.unit(farmer) as unit:
        for row in views.list_view(unit, "farm.fields", views.ListState()).rows:
            alone = unit.sight.wrap(unit.tx.records.get("farm.field", row.id))
            assert str(alone.get("visited")) == row.cells[1].text
