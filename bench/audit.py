"""How fast the audit log is written, sealed and verified: ``python -m bench.audit [--postgres URL] [--entries N]``."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from formwright.store import audit_sealing, schema
from formwright.store.audit_sealing import Safe
from formwright.store.store import Store

_BATCH = 1_000


def measure(url: str, entries: int) -> None:
    """Write, seal and verify a log of ``entries`` entries in the empty database at ``url``; print the speeds."""
    audit_sealing.DELAY = 3_600.0  # nothing is sealed before we ask for it
    store = Store.open(url, safe=Safe(b"a key that only this measurement has"))
    schema.upgrade(store.engine)

    def write() -> None:
        for first in range(0, entries, _BATCH):
            with store.transaction() as tx:
                for number in range(first, first + _BATCH):
                    tx.audit.append(
                        "record_deleted", actor=7, channel="web", entity="crm.customer", record=number,
                        details={"count": 3, "deletion": "0123456789abc"}, request="0123456789abcdef",
                        address="192.0.2.17",
                    )  # fmt: skip

    def verify() -> None:
        report = store.sealer.verify()
        assert not report.findings
        assert report.rows == entries

    for name, act in (("written", write), ("sealed", store.sealer.seal), ("verified", verify)):
        wall, processor = time.perf_counter(), time.process_time()
        act()
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        print(
            f"{store.dialect:<12}{name:<10}{entries / wall:>12,.0f} entries/s"
            f"{entries / processor:>12,.0f} a second of our processor"
        )
    store.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=200_000)
    parser.add_argument("--postgres", help="URL of an empty database, besides SQLite")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(f"sqlite:///{Path(folder) / 'audit.db'}", asked.entries)
    if asked.postgres:
        measure(asked.postgres, asked.entries)
