"""What a page may cost: statements to the database, and weight."""

from __future__ import annotations

import json

import pytest

from formwright.paths import ASSETS


@pytest.mark.parametrize("view", ["crm.customers", "crm.orders", "crm.contacts", "crm.follow_ups"])
def test_a_list_costs_five_statements_at_most(ada, count_queries, view):
    ada.get(f"/views/{view}")
    sent = count_queries(lambda: ada.get(f"/views/{view}"))
    assert len(sent) <= 5, "\n".join(sent)


@pytest.mark.parametrize("view", ["crm.customers", "crm.orders"])
def test_a_record_page_costs_eight_statements_at_most(ada, count_queries, view):
    path = ada.get(f"/views/{view}").one("#results .title")["href"]
    ada.get(path)
    sent = count_queries(lambda: ada.get(path))
    assert len(sent) <= 8, "\n".join(sent)


def test_a_form_costs_five_statements_at_most(ada, count_queries):
    ada.get("/records/crm.order/new")
    sent = count_queries(lambda: ada.get("/records/crm.order/new"))
    assert len(sent) <= 5, "\n".join(sent)


def test_a_save_costs_twelve_statements_at_most(ada, count_queries):
    form = ada.get("/records/crm.customer/new").values()
    form |= {"f-name": ["What it costs"], "f-phone": ["13611110000"]}
    sent = count_queries(lambda: ada.post("/records/crm.customer/new", form))
    assert len(sent) <= 12, "\n".join(sent)


def test_a_form_page_with_its_scripts_and_styles_weighs_sixty_kilobytes_at_most(ada):
    manifest = json.loads((ASSETS / "manifest.json").read_text(encoding="utf-8"))
    first = [manifest["app.js"], manifest["app.css"], manifest["icons.svg"]]
    files = {entry["file"]: entry["gz"] for entry in manifest.values()}
    first_load = sum(entry["gz"] for entry in first) + sum(
        files[name] for entry in first for name in entry["imports"]
    )
    assert first_load <= 44_000
    assert sum(entry["gz"] for entry in manifest.values()) <= 60_000
    for path in ("/records/crm.customer/new", "/records/crm.order/new"):
        page = ada.client.get(path, headers={"Accept-Encoding": "gzip"})
        assert len(page.get_data()) <= 10_000
