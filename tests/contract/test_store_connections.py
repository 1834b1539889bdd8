"""Connections to PostgreSQL that break while nobody uses them."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from formwright.store import database


@pytest.fixture
def engine(empty_postgres: str):
    engine = database.make_engine(empty_postgres)
    yield engine
    engine.dispose()


def rest_and_break(engine: Engine) -> None:
    """Give a connection back to the pool and have the server close it."""
    with engine.connect() as broken:
        number = broken.exec_driver_sql("SELECT pg_backend_pid()").scalar()
    others = database.make_engine(engine.url)
    with others.connect() as other:
        gone = other.exec_driver_sql("SELECT pg_terminate_backend(%s, 5000)", (number,)).scalar()
    others.dispose()
    assert gone, "the server closed nothing"


def test_one_that_has_rested_is_tried_and_replaced(engine, monkeypatch):
    monkeypatch.setattr(database, "TRUSTED_REST", 0.0)
    rest_and_break(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1


def test_one_that_was_in_use_a_moment_ago_is_not_tried(engine, monkeypatch):
    monkeypatch.setattr(database, "TRUSTED_REST", 60.0)
    rest_and_break(engine)
    with engine.connect() as connection, pytest.raises(OperationalError):
        connection.exec_driver_sql("SELECT 1")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
