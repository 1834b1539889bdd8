"""What is saved is what the person meant: no row, no other person's work and no typed text is lost on the way."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from formwright.engine.runtime import Definitions
from formwright.factory import runtime_of
from formwright.web import forms

_numbers = itertools.count(1)


def saved_path(page) -> str:
    assert page.status == 303, page.texts("#summary li") or page.html[:2000]
    return page.response.headers["Location"]


def new_customer(visitor, **typed) -> str:
    """Create a customer through its form and return where it is."""
    values = visitor.get("/records/crm.customer/new").values()
    values |= {"f-name": ["液压"], "f-phone": [f"1381{next(_numbers):07d}"]}
    values |= {f"f-{key}": [text] for key, text in typed.items()}
    return saved_path(visitor.post("/records/crm.customer/new", values))


def new_order(visitor, lines: int = 2) -> str:
    """Create an order with lines of one product and return where it is."""
    customer = new_customer(visitor, name=f"Buyer {next(_numbers)}").rsplit("/", 1)[-1]
    link = visitor.get("/views/crm.products").one("tbody tr .title")["href"]
    values = visitor.get(f"/records/crm.order/new?f-customer={customer}").values()
    values["f-lines"] = ["", *(f"n{number}" for number in range(lines))]
    for number in range(lines):
        row = f"f-lines-n{number}"
        values |= {
            f"{row}-product": [link.rsplit("/", 1)[-1]],
            f"{row}-qty": ["1"],
            f"{row}-price": ["10"],
        }
    return saved_path(visitor.post("/records/crm.order/new", values))


def keys_of(values: dict[str, list[str]]) -> list[str]:
    return [key for key in values["f-lines"] if key]


def test_a_form_with_as_many_rows_as_there_may_be_keeps_every_row(ada, monkeypatch):
    path = new_order(ada, lines=3)
    monkeypatch.setattr(forms, "MOST_ROWS", 3)
    values = ada.get(f"{path}/edit").values()
    saved_path(ada.post(f"{path}/edit", values | {"f-remark": ["touched"]}))
    assert len(keys_of(ada.get(f"{path}/edit").values())) == 3


def test_a_form_with_more_rows_than_there_may_be_is_refused_and_deletes_none(ada, monkeypatch):
    path = new_order(ada, lines=3)
    values = ada.get(f"{path}/edit").values()
    monkeypatch.setattr(forms, "MOST_ROWS", 2)
    assert ada.post(f"{path}/edit", values).status == 413
    monkeypatch.undo()
    assert len(keys_of(ada.get(f"{path}/edit").values())) == 3


@pytest.mark.parametrize("version", [None, "", "²", "-1", "1 ", "9" * 5000])
def test_a_form_that_does_not_tell_which_version_it_was_drawn_from_changes_nothing(ada, version):
    path = new_customer(ada, name="Kept")
    values = ada.get(f"{path}/edit").values() | {"f-name": ["Overwritten"]}
    values = {k: v for k, v in values.items() if k != "_version"}
    if version is not None:
        values["_version"] = [version]
    assert ada.post(f"{path}/edit", values).status == 400
    assert ada.get(path).texts("h1") == ["Kept"]


def test_a_form_shown_again_still_sees_that_somebody_else_saved(ada, known):
    path = new_order(ada)
    values = ada.get(f"{path}/edit").values()
    boss = known("boss")
    theirs = boss.get(f"{path}/edit").values()
    saved_path(boss.post(f"{path}/edit", theirs | {"f-remark": ["theirs"]}))
    again = ada.post(f"{path}/edit", values | {"_do": ["up-lines-" + keys_of(values)[1]]})
    assert again.status == 200
    assert ada.post(f"{path}/edit", again.values()).status == 409


def chosen_sides(page) -> dict[str, str]:
    return {each["name"]: each["value"] for each in page.soup.select("input[type=radio][checked]")}


def change_rows(visitor, path: str, change: str) -> None:
    """Change the rows of an order in one of the ways in which somebody does."""
    values = visitor.get(f"{path}/edit").values()
    first, second = keys_of(values)
    match change:
        case "a value":
            values[f"f-lines-{first}-qty"] = ["7"]
        case "one removed":
            values["f-lines"] = ["", second]
        case "one added":
            values["f-lines"] = ["", first, second, "new"]
            product = values[f"f-lines-{first}-product"]
            values |= {f"f-lines-new-{key}": ["5"] for key in ("qty", "price")}
            values["f-lines-new-product"] = product
    saved_path(visitor.post(f"{path}/edit", values))


@pytest.mark.parametrize("change", ["a value", "one removed", "one added"])
def test_rows_that_only_the_other_person_changed_are_kept_unless_mine_are_chosen(
    ada, known, change
):
    path = new_order(ada)
    mine = ada.get(f"{path}/edit").values()
    change_rows(known("boss"), path, change)
    wanted = ada.get(f"{path}/edit").values()
    page = ada.post(f"{path}/edit", mine | {"f-remark": ["mine"]})
    assert page.status == 409
    assert chosen_sides(page) == {"_keep-lines": "theirs", "_keep-remark": "mine"}
    saved_path(ada.post(f"{path}/edit", page.values()))
    now = ada.get(f"{path}/edit").values()
    assert now["f-remark"] == ["mine"]
    rows = {name: text for name, text in wanted.items() if name.startswith("f-lines")}
    assert {name: text for name, text in now.items() if name.startswith("f-lines")} == rows


@pytest.mark.parametrize("change", ["a value", "one removed", "one added", "the order"])
def test_rows_that_i_changed_are_mine_at_first(ada, known, change):
    path = new_order(ada)
    boss = known("boss")
    theirs = boss.get(f"{path}/edit").values()
    stale = ada.get(f"{path}/edit").values()
    first, second = keys_of(stale)
    theirs[f"f-lines-{second}-price"] = ["99"]
    saved_path(boss.post(f"{path}/edit", theirs))
    match change:
        case "a value":
            stale[f"f-lines-{first}-qty"] = ["7"]
        case "one removed":
            stale["f-lines"] = ["", second]
        case "one added":
            stale["f-lines"] = ["", first, second, "new"]
            stale |= {f"f-lines-new-{key}": ["5"] for key in ("qty", "price")}
            stale["f-lines-new-product"] = stale[f"f-lines-{first}-product"]
        case "the order":
            stale["f-lines"] = ["", second, first]
    page = ada.post(f"{path}/edit", stale)
    assert chosen_sides(page)["_keep-lines"] == "mine"


def test_a_form_that_is_being_worked_out_for_an_old_revision_is_not_used_for_the_new_one(
    app, monkeypatch
):
    catalog = runtime_of(app).catalog
    form = catalog.forms["crm.customer_form"]
    shorter = replace(form, layout=form.layout[:1])
    old = Definitions(replace(catalog))
    new = Definitions(replace(catalog, forms={**catalog.forms, form.name: shorter}))

    def slowly(*parts):
        monkeypatch.undo()
        forms.plan_of(new, new.catalog.forms["crm.order_form"])  # somebody else is served meanwhile
        return forms.FormPlan(*parts)

    monkeypatch.setattr(forms, "FormPlan", slowly)
    assert forms.plan_of(old, form).form is form
    assert forms.plan_of(new, shorter).form is shorter
    assert forms.plan_of(old, form).form is form


def test_a_form_sent_again_with_another_text_loses_none_of_both(ada):
    values = ada.get("/records/crm.customer/new").values()
    values |= {"f-name": ["First text"], "f-phone": ["13822220001"]}
    first = saved_path(ada.post("/records/crm.customer/new", values))
    page = ada.post(
        "/records/crm.customer/new",
        values | {"f-name": ["Second text"], "f-phone": ["13822220002"]},
    )
    assert page.status == 409
    assert "A record was made from this form before" in page.texts("#summary")[0]
    assert page.one("#f-name")["value"] == "Second text"
    second = saved_path(ada.post("/records/crm.customer/new", page.values()))
    assert second != first
    assert ada.get(first).texts("h1") == ["First text"]
    assert ada.get(second).texts("h1") == ["Second text"]


def test_a_form_sent_again_after_the_record_was_deleted_takes_nothing_from_the_trash(ada):
    values = ada.get("/records/crm.customer/new").values()
    values |= {"f-name": ["Deleted"], "f-phone": ["13822220003"]}
    first = saved_path(ada.post("/records/crm.customer/new", values))
    ada.post(f"{first}/delete")
    page = ada.post("/records/crm.customer/new", values)
    assert page.status == 409
    second = saved_path(ada.post("/records/crm.customer/new", page.values()))
    assert second != first
    assert ada.get(first).status == 404
