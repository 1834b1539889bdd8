"""Where what happens around log-ins and rights is told to whoever keeps an audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit
    from formwright.store.transaction import Transaction


def note(at: Unit | Transaction, event: str, **details: str | int | bool | None) -> None:
    """Tell of an event inside the transaction that it belongs to, so that both are kept, or neither.

    ``event`` is a word of the form ``log_in.failed``; ``details`` name whom it concerns (``user``, an id; ``login``)
    and what is worth knowing. Never a password, a token, a code or a secret. Nothing is written yet.
    """
