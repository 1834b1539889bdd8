"""The way of a record through the pages on PostgreSQL, within the same budgets."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import event

from formwright.factory import create_app, runtime_of
from formwright.settings import Settings


@pytest.mark.postgres
def test_a_record_goes_its_way_on_postgres_within_the_budgets(
    empty_postgres: str, tmp_path: Path, prepare_instance, open_browser
) -> None:
    prepare_instance(empty_postgres)
    app = create_app(Settings(home=tmp_path, database_url=empty_postgres, timezone="Asia/Shanghai"))
    store = runtime_of(app).store
    sent: list[str] = []
    event.listen(
        store.engine, "before_cursor_execute", lambda _c, _u, statement, *_r: sent.append(statement)
    )
    try:
        ada = open_browser(app, "ada")
        assert open_browser(app).log_in("nobody\0", "wrong-password").status == 422

        def cost(act) -> int:
            sent.clear()
            act()
            return len([s for s in sent if not s.startswith(("SAVEPOINT", "RELEASE"))])

        ada.get("/views/crm.customers")
        assert cost(lambda: ada.get("/views/crm.customers")) <= 5, "\n".join(sent)
        values = ada.get("/records/crm.customer/new").values()
        values |= {"f-name": ["北京液压"], "f-phone": ["+86 138-0013-8000"]}
        done = []
        assert cost(lambda: done.append(ada.post("/records/crm.customer/new", values))) <= 12, (
            "\n".join(sent)
        )
        again = ada.post("/records/crm.customer/new", values)
        path = done[0].response.headers["Location"]
        assert again.response.headers["Location"] == path
        ada.get(path)
        assert cost(lambda: ada.get(path)) <= 8, "\n".join(sent)
        assert "13800138000" in ada.get(path)
        edited = ada.get(f"{path}/edit").values() | {"f-name": ["上海液压"]}
        assert ada.post(f"{path}/edit", edited).status == 303
        assert ada.post(f"{path}/edit", edited | {"f-name": ["late"]}).status == 409
        assert ada.get("/views/crm.customers?q=上海液压").texts("#results .title") == ["上海液压"]
        ada.post(f"{path}/delete")
        assert ada.get(path).status == 404
        restore = ada.get("/records/crm.customer/trash").one("tbody form")["action"]
        assert ada.follow(ada.post(restore)).texts("h1") == ["上海液压"]
    finally:
        store.close()
