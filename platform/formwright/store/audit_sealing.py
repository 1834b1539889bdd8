"""Giving entries of the audit log their place, and removing old ones: what one does for all who write."""

from __future__ import annotations

import json
import logging
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, bindparam, delete, func, insert, select, update

from formwright.clock import Clock
from formwright.store import tables
from formwright.store.audit import COLUMNS, SEAL_COLUMNS, sealed_rows, seals_of
from formwright.store.audit_chain import (
    ANCHOR,
    CONTENT,
    SEAL,
    Report,
    Seal,
    content_of,
    digest_of,
    verify,
)
from formwright.store.database import WRITE

_log = logging.getLogger(__name__)
_audit = tables.audit.c
_seal = tables.audit_seal.c
#: Seconds from an entry to its seal, and how many entries are sealed in one transaction.
DELAY = 5.0
_ROUND = 5_000
#: Of the lock of PostgreSQL under which one process at a time seals; the workspace is its second half.
_LOCK = 0x466D41


@dataclass(frozen=True, slots=True)
class Safe:
    """What is kept outside the database: the key, and the file with the last seal (None: nobody keeps it)."""

    key: bytes
    head: Path | None = None

    @classmethod
    def forgotten(cls) -> Safe:
        """Return one whose key nobody keeps: for databases that nobody will verify later."""
        return cls(secrets.token_bytes(32))


class Sealer:
    """Seals the entries of one workspace: soon after they are written, when the program ends, and before a verification.

    Writers do not wait for each other's hashes: they write entries without a place, and one process at a time gives
    places to all that are committed. An entry that is committed later gets a later place, whenever it began.
    """

    def __init__(self, engine: Engine, workspace: int, safe: Safe, clock: Clock) -> None:
        """Work on ``engine``, in transactions of its own."""
        self.safe = safe
        self._engine = engine
        self._workspace = workspace
        self._clock = clock
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def soon(self) -> None:
        """Have everything sealed that is committed within the next seconds."""
        with self._lock:
            if self._timer is None:
                self._timer = threading.Timer(DELAY, self._run)
                self._timer.daemon = True
                self._timer.start()

    def close(self) -> None:
        """Seal at once what was to be sealed soon."""
        with self._lock:
            waiting, self._timer = self._timer, None
        if waiting is not None:
            waiting.cancel()
            self._try()

    def _run(self) -> None:
        with self._lock:
            self._timer = None
        self._try()

    def _try(self) -> None:
        try:
            self.seal()
        except Exception:  # noqa: BLE001 -- the entries are safe, and the next one to write has them sealed
            _log.exception("the audit log could not be sealed")

    def seal(self) -> Seal | None:
        """Give every committed entry its place; return the last seal, which is also kept outside the database."""
        while True:
            with self._writing() as connection:
                self._alone(connection)
                before = self._last(connection)
                count, last = self._seal_some(connection, before)
                follows = self._follows(connection, self._kept())
            if count and last is not None:
                self._keep(last, follows=follows)
            if count < _ROUND:
                return last

    def _seal_some(self, connection: Connection, last: Seal | None) -> tuple[int, Seal | None]:
        rows = connection.execute(
            select(*COLUMNS)
            .where(_audit.workspace_id == self._workspace, _audit.sequence.is_(None))
            .order_by(_audit.id)
            .limit(_ROUND)
        ).all()
        if not rows:
            return 0, last
        begin = sequence = last.sequence if last is not None else 0
        digest = last.digest if last is not None else ""
        places = []
        for row in rows:
            sequence += 1
            digest = digest_of(digest, sequence, row[CONTENT], content_of(row))
            places.append({"of": row.id, "place": sequence, "hash": digest})
        connection.execute(
            update(tables.audit)
            .where(_audit.workspace_id == self._workspace, _audit.id == bindparam("of"))
            .values(sequence=bindparam("place"), digest=bindparam("hash")),
            places,
        )
        return len(rows), self._add(connection, SEAL, sequence, begin, digest)

    def verify(self) -> Report:
        """Seal what is not sealed yet, then look whether the whole log is as it was written."""
        self.seal()
        head = self._kept()  # before the rest: what is kept here is committed there
        with self._reading() as connection:
            return verify(
                sealed_rows(connection, self._workspace),
                seals_of(connection, self._workspace),
                key=self.safe.key,
                workspace=self._workspace,
                head=head,
            )

    def prune(self, connection: Connection, older_than: datetime) -> tuple[int, Seal | None]:
        """Remove the rounds of entries that were sealed before an instant; return how many entries, and the anchor."""
        self._alone(connection)
        row = connection.execute(
            select(_seal.sequence, _seal.digest)
            .where(_seal.workspace_id == self._workspace, _seal.kind == SEAL, _seal.at < older_than)
            .order_by(_seal.sequence.desc())
            .limit(1)
        ).first()
        if row is None:
            return 0, None
        anchor = self._add(connection, ANCHOR, row.sequence, 0, row.digest)
        gone = connection.execute(
            delete(tables.audit).where(
                _audit.workspace_id == self._workspace, _audit.sequence <= anchor.sequence
            )
        ).rowcount
        connection.execute(
            delete(tables.audit_seal).where(
                _seal.workspace_id == self._workspace,
                (_seal.sequence < anchor.sequence)
                | ((_seal.sequence == anchor.sequence) & (_seal.kind == SEAL)),
            )
        )
        return gone, anchor

    def _alone(self, connection: Connection) -> None:
        """Wait until nobody else seals; on SQLite nobody else writes in any case."""
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK, self._workspace)))

    def _last(self, connection: Connection) -> Seal | None:
        row = connection.execute(
            select(*SEAL_COLUMNS)
            .where(_seal.workspace_id == self._workspace)
            .order_by(_seal.sequence.desc())
            .limit(1)
        ).first()
        return Seal(*row) if row is not None else None

    def _add(
        self, connection: Connection, kind: str, sequence: int, previous: int, digest: str
    ) -> Seal:
        made = Seal.sign(
            self.safe.key, self._workspace, kind, sequence, previous, digest, self._clock.now()
        )
        connection.execute(
            insert(tables.audit_seal), {"workspace_id": self._workspace, **asdict(made)}
        )
        return made

    # -- the last seal, outside the database

    def _keep(self, seal: Seal, *, follows: bool) -> None:
        """Put the seal into its file. One that the database does not know any more stays: it is the evidence."""
        path = self.safe.head
        if path is None:
            return
        if not follows:
            _log.error(
                "the audit log does not continue the seal in %s; run formwright audit verify", path
            )
            return
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        said = {**asdict(seal), "at": seal.at.isoformat()}
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(said, file)
        fresh.replace(path)

    def _follows(self, connection: Connection, head: Seal | None) -> bool:
        """Return whether the log still has the seal that is kept outside, or has removed it with an anchor."""
        if head is None:
            return True
        known = connection.execute(
            select(_seal.sequence).where(
                _seal.workspace_id == self._workspace,
                ((_seal.sequence == head.sequence) & (_seal.digest == head.digest))
                | ((_seal.sequence > head.sequence) & (_seal.kind == ANCHOR)),
            )
        ).first()
        return known is not None

    def _kept(self) -> Seal | None:
        """Return the seal in the file; one that cannot be read comes back as a seal without a code."""
        path = self.safe.head
        if path is None or not path.exists():
            return None
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
            return Seal(**{**said, "at": datetime.fromisoformat(said["at"])})
        except (ValueError, TypeError, KeyError):
            return Seal(0, SEAL, 0, "", self._clock.now(), "")

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        options = {WRITE: True}
        with self._engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """Open a transaction that sees one state of the database throughout."""
        with self._engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection
