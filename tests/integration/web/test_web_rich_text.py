"""Formatted text through every door: the form, an import, rows of a package, and the database itself."""

from __future__ import annotations

import pytest

from formwright.engine import packages
from formwright.engine.imports import running
from formwright.factory import runtime_of
from formwright.ids import format_id
from formwright.store.query import ListQuery

PAYLOAD = "**bold** <b onclick=alert(1) hx-get=/x>b</b><script>alert(1)</script>"
CLEAN = "**bold** <b>b</b>alert(1)"
PACKAGE = """
schema_version: 1
package: {key: notes, title: Notes, version: 1.0.0}
entities:
  note:
    title: Note
    title_plural: Notes
    display: "{{ name }}"
    fields:
      name: {type: text, title: Name, required: true, unique: true}
      body: {type: rich_text, title: Body}
grants:
  all: {role: core.admin, entity: note, actions: [read, create, update, delete, import, export]}
data:
  seed:
    notes: {entity: note, key_field: name, rows: [{name: from a package, body: "%s"}]}
"""


@pytest.fixture
def notes(own_app, tmp_path):
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "package.yaml").write_text(PACKAGE % PAYLOAD, encoding="utf-8")
    runtime = runtime_of(own_app)
    packages.apply_folder(runtime, packages.installer(runtime.catalog), folder)
    packages.bring_rows(runtime, ["notes"], demo=False)
    return runtime


def stored(runtime) -> dict[str, str]:
    with runtime.unit(packages.installer(runtime.catalog)) as unit:
        found = unit.tx.records.list(ListQuery(unit.columns.main("notes.note"))).records
    return {record.values["name"]: record.values["body"] for record in found}


def test_it_is_cleaned_whichever_way_it_comes_in(notes, own_app, open_browser, tmp_path):
    ada = open_browser(own_app, "ada")
    form = ada.get("/records/notes.note/new").values()
    form |= {"f-name": ["typed"], "f-body": [PAYLOAD]}
    assert ada.post("/records/notes.note/new", form).status == 303
    file = tmp_path / "notes.csv"
    file.write_text(f'name,body\nimported,"{PAYLOAD}"\n', encoding="utf-8")
    running.run(notes, packages.installer(notes.catalog), "notes.note", file)
    assert stored(notes) == {"from a package": CLEAN, "typed": CLEAN, "imported": CLEAN}


def test_what_came_past_the_cleaning_is_harmless_when_it_is_shown(notes, own_app, open_browser):
    with notes.unit(packages.installer(notes.catalog), write=True) as unit:
        number = unit.tx.records.insert(
            "notes.note", {"name": "past", "body": PAYLOAD}, by=None, channel="data"
        ).id
    assert stored(notes)["past"] == PAYLOAD
    ada = open_browser(own_app, "ada")
    page = ada.get(f"/records/notes.note/{format_id(number)}")
    shown = page.one(".fact .rich")
    assert shown.has_attr("hx-ignore")
    assert str(shown.decode_contents()).strip() == "<p><strong>bold</strong> <b>b</b></p>"
    assert "onclick" not in page.html


@pytest.mark.usefixtures("notes")
def test_the_editor_gives_back_what_was_typed_and_lists_show_the_words(own_app, open_browser):
    ada = open_browser(own_app, "ada")
    form = ada.get("/records/notes.note/new").values()
    form |= {"f-name": ["x"], "f-body": ["# A\n\n- **b**"]}
    path = ada.post("/records/notes.note/new", form).response.headers["Location"]
    assert ada.get(f"{path}/edit").values()["f-body"] == ["# A\n\n- **b**"]
    wrong = {**form, "f-name": [""], "f-body": ["*kept* <i>too</i>"]}
    assert ada.post("/records/notes.note/new", wrong).values()["f-body"] == ["*kept* <i>too</i>"]


@pytest.mark.usefixtures("notes")
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_a_preview_is_shown_with_and_without_scripts(own_app, open_browser, headers):
    ada = open_browser(own_app, "ada")
    button = ada.get("/records/notes.note/new").one("button[name=_preview]")
    assert (button["formaction"], button["formtarget"]) == ("/rich-text", "_blank")
    said = {"_preview": button["value"], button["value"]: PAYLOAD}
    page = ada.post("/rich-text", said, headers=headers)
    assert page.status == 200
    assert (
        page.one(".rich").decode_contents().strip()
        == "<p><strong>bold</strong> <b>b</b>alert(1)</p>"
    )
    assert page.one(".rich").has_attr("hx-ignore")
    assert bool(page.soup.select("html")) is not bool(headers)
    assert ada.post("/rich-text", {"_preview": "nothing"}).status == 400
