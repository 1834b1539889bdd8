"""What is saved is what the person meant: no row, no other person's work and no typed text is lost on the way."""

from __future__ import annotations

import itertools

import pytest

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
