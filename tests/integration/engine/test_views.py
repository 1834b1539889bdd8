"""Lists as people use them: what they may see, searched, filtered, sorted, page by page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from formwright.definitions.model import Sort
from formwright.engine import views
from formwright.engine.views import ListState
from formwright.errors import Forbidden
from formwright.store.problems import UnusableToken

CUSTOMERS = "crm.customers"


@pytest.fixture
def rep(office):
    return office.person("li", "crm.sales_rep")


@pytest.fixture
def manager(office):
    return office.person("wang", "crm.sales_manager")


@pytest.fixture
def seven(office, rep):
    names = ["王力", "王小明", "张伟", "Li Hua", "Acme Pumps", "北京液压机械", "深圳机械"]
    sources = ["search", "referral"]
    return [
        office.accept(
            "crm.customer", rep,
            name=name, phone=f"1380013800{n}", source=sources[n % 2], email=f"box{n}@pump.example",
        ).record
        for n, name in enumerate(names)
    ]  # fmt: skip


def listed(office, actor, view=CUSTOMERS, **state):
    with office.runtime.unit(actor) as unit:
        return views.list_view(unit, view, ListState(**state))


def titles(page):
    return [row.title for row in page.rows]


@pytest.mark.usefixtures("seven")
def test_a_rep_sees_own_records_and_a_manager_those_of_the_team(office, rep, manager):
    other = office.person("chen", "crm.sales_rep")
    office.accept("crm.customer", other, name="Chen's", phone="13900139000", source="search")
    assert listed(office, rep).count == 7
    assert titles(listed(office, other)) == ["Chen's"]
    assert listed(office, manager).count == 0
    office.lead(manager, rep, other)
    assert listed(office, manager).count == 8


@pytest.mark.usefixtures("seven")
def test_nobody_without_a_grant_opens_a_list(office):
    with pytest.raises(Forbidden):
        listed(office, office.person("nobody"))


@pytest.mark.usefixtures("seven")
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("王", {"王力", "王小明"}),
        ("王力", {"王力"}),
        ("机械", {"北京液压机械", "深圳机械"}),
        ("北京 机械", {"北京液压机械"}),
        ("acme", {"Acme Pumps"}),
        ("cme", {"Acme Pumps"}),
        (
            "38001380",
            {"王力", "王小明", "张伟", "Li Hua", "Acme Pumps", "北京液压机械", "深圳机械"},
        ),
        ("13800138003", {"Li Hua"}),
        ("box5@pump", {"北京液压机械"}),
        ("nothing like it", set()),
        ("%", set()),
        ("'", set()),
    ],
)
def test_search_finds_parts_of_names_phones_and_addresses(office, rep, typed, expected):
    assert set(titles(listed(office, rep, search=typed))) == expected


def test_sorting_and_paging_walk_through_every_record_once(office, rep, seven, monkeypatch):
    with office.runtime.unit(rep) as unit:
        view = replace(unit.view(CUSTOMERS), page_size=3)
    sort = (Sort("name"),)
    monkeypatch.setattr(type(unit), "view", lambda _unit, _name: view)
    pages, after = [], ""
    while True:
        page = listed(office, rep, sort=sort, after=after)
        pages.append(titles(page))
        if not page.next:
            break
        after = page.next
    assert [len(each) for each in pages] == [3, 3, 1]
    assert [title for each in pages for title in each] == sorted(
        record.values["name"] for record in seven
    )
    back = listed(office, rep, sort=sort, before=page.previous)
    assert titles(back) == pages[1]


@pytest.mark.usefixtures("seven")
def test_a_quick_filter_narrows_and_an_unknown_value_matches_nothing(office, rep):
    page = listed(office, rep)
    sources = next((q for q in page.quick_filters if q.filter.field == "source"), None)
    view = CUSTOMERS
    assert sources is not None
    assert listed(office, rep, view, filters={sources.filter.key: "referral"}).count == 3
    assert (
        listed(office, rep, view, filters={sources.filter.key: "'; drop table record"}).count == 0
    )


@pytest.mark.usefixtures("seven")
@pytest.mark.parametrize("path", ["no_such", "customer.name", "id'; --", "address"])
def test_a_sort_that_cannot_be_is_ignored(office, rep, path):
    assert listed(office, rep, sort=(Sort(path),)).count == 7


@pytest.mark.usefixtures("seven")
def test_a_damaged_paging_token_is_said_to_be_one(office, rep):
    for token in ("x", "AAAA", "eyJhIjoxfQ"):
        with pytest.raises(UnusableToken):
            listed(office, rep, after=token)


@pytest.mark.usefixtures("seven")
def test_a_list_page_stays_within_its_query_budget(office, rep, count_statements):
    with count_statements() as statements:
        listed(office, rep, search="机械")
    assert len(statements) <= 4, "\n".join(statements)  # the session is the fifth
