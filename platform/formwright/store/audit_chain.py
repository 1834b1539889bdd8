"""What makes tampering with the audit log show: a keyed code for each entry, a chain of hashes, signed seals.

An entry is written with a code that only the holder of the key can make (BLAKE2b with a key, over the entry as a JSON array).
Later a sealer gives it its place: a number without gaps, and a digest (SHA-256 over the digest before it, the number,
the code and the entry). Each round of sealing ends with a seal, which is signed with the key and names the seal before
it. So an entry that is changed or invented lacks its code; one that is removed, moved or put in breaks number, digest
or seal; and who makes the chain anew cannot sign it. What is left is to cut off the end together with its seals: the
last seal is kept outside the database as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

import orjson

from formwright.texts import Text, say

#: An entry as it is read: its columns up to the address, then mac, sequence and digest.
Row: TypeAlias = Sequence[Any]
#: How many columns are the entry itself.
CONTENT = 12
SEAL, ANCHOR = "seal", "anchor"
#: So many things that are wrong are told one by one.
MOST = 100


def content_of(row: Row) -> bytes:
    """Return what code and digest of an entry are over: workspace, id, at, ... address as a JSON array."""
    return orjson.dumps(row[:CONTENT], option=orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC)


def code_of(key: bytes, content: bytes) -> str:
    """Return the keyed code of an entry or a seal; ``key`` has 64 bytes at most."""
    return hashlib.blake2b(content, key=key, digest_size=32).hexdigest()


def digest_of(previous: str, sequence: int, mac: str, content: bytes) -> str:
    """Return the digest of an entry at its place; ``previous`` is "" for the very first."""
    head = f"{previous}\n{sequence}\n{mac}\n".encode()
    return hashlib.sha256(head + content).hexdigest()


@dataclass(frozen=True, slots=True)
class Seal:
    """Where a round of sealing ended, or (an anchor) where the log begins since older entries were removed."""

    sequence: int
    kind: str
    previous: int
    digest: str
    at: datetime
    mac: str

    @classmethod
    def sign(
        cls, key: bytes, workspace: int, kind: str, sequence: int, previous: int, digest: str, at: datetime
    ) -> Seal:  # fmt: skip
        """Return a seal that bears the code of ``key``."""
        unsigned = cls(sequence, kind, previous, digest, at, "")
        return cls(sequence, kind, previous, digest, at, unsigned.code(key, workspace))

    def code(self, key: bytes, workspace: int) -> str:
        """Return the code that the seal has to bear."""
        said = [workspace, self.kind, self.sequence, self.previous, self.digest, self.at]
        return code_of(key, orjson.dumps(said, option=orjson.OPT_UTC_Z))


class Wrong(StrEnum):
    """What can be wrong with the log."""

    CHANGED = "changed"
    MISSING = "missing"
    MOVED = "moved"
    RESEALED = "resealed"
    FORGED = "forged_seal"
    SEAL_MISSING = "missing_seal"
    UNSEALED = "unsealed"
    CUT = "cut"
    HEAD = "head"


_TEXTS = {
    Wrong.CHANGED: say("Entry %(first)s was changed, or was not written by this instance."),
    Wrong.MISSING: say("Entries %(first)s to %(last)s are missing."),
    Wrong.MOVED: say("Entry %(first)s does not follow the one before it: entries were moved, removed or put in here."),
    Wrong.RESEALED: say("Entries %(first)s to %(last)s are not those that were sealed."),
    Wrong.FORGED: say("The seal at entry %(last)s was changed, or was not made by this instance."),
    Wrong.SEAL_MISSING: say("The seals from entry %(first)s to entry %(last)s are missing."),
    Wrong.UNSEALED: say("Entries %(first)s to %(last)s have a place but no seal."),
    Wrong.CUT: say("The log ends before entry %(first)s, but was sealed up to entry %(last)s: its end was cut off."),
    Wrong.HEAD: say("The seal that is kept outside the database, of entry %(last)s, is not one of this log."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong, with its place: the numbers of the entries from ``first`` to ``last``."""

    wrong: Wrong
    first: int
    last: int

    @property
    def text(self) -> Text:
        """The finding in words."""
        return Text(_TEXTS[self.wrong].message, {"first": self.first, "last": self.last})


@dataclass(slots=True)
class Report:
    """What a verification found. No findings: the log is as it was written."""

    rows: int = 0
    findings: list[Finding] = field(default_factory=list)
    #: More is wrong than is told one by one.
    more: bool = False
    first: int = 0
    last: int = 0
    #: When the last entry that was looked at was sealed.
    sealed_at: datetime | None = None
    #: False: there is no seal outside the database to compare with, so that a cut end would not show.
    has_head: bool = False

    def note(self, wrong: Wrong, first: int, last: int) -> None:
        """Add a finding, as long as there are not too many."""
        if len(self.findings) < MOST:
            self.findings.append(Finding(wrong, first, last))
        else:
            self.more = True


def verify(
    rows: Iterable[Row], seals: Sequence[Seal], *, key: bytes, workspace: int, head: Seal | None
) -> Report:
    """Look at every sealed entry (in the order of their numbers), every seal, and the ``head`` kept outside.

    After something wrong the chain is taken up again from what stands there, so that each place is told once.
    """
    report = Report(has_head=head is not None)
    anchors = sorted((s for s in seals if s.kind == ANCHOR), key=lambda seal: seal.sequence)
    anchor = anchors[-1] if anchors else None
    start = anchor.sequence if anchor is not None else 0
    later = (s for s in seals if s.kind == SEAL and s.sequence > start)
    ends = {s.sequence: s for s in sorted(later, key=lambda seal: seal.sequence)}
    _check_seals(report, anchor, ends, start, key=key, workspace=workspace)
    _check_rows(report, rows, ends, start, anchor.digest if anchor is not None else "", key)
    last_seal = max(ends, default=start)
    if report.last > last_seal:
        report.note(Wrong.UNSEALED, last_seal + 1, report.last)
    if report.last < last_seal:
        report.note(Wrong.CUT, report.last + 1, last_seal)
    if head is not None:
        _check_head(report, head, anchor, ends, last_seal, key=key, workspace=workspace)
    report.sealed_at = ends[last_seal].at if last_seal in ends else anchor.at if anchor else None
    return report


def _check_rows(
    report: Report, rows: Iterable[Row], ends: dict[int, Seal], start: int, digest: str, key: bytes
) -> None:
    previous: str | None = digest
    last = start
    for row in rows:
        mac, sequence, stored = row[CONTENT:]
        content = content_of(row)
        if sequence != last + 1:
            report.note(Wrong.MISSING if sequence > last else Wrong.MOVED, last + 1, sequence - 1)
            previous = None
        if code_of(key, content) != mac:
            report.note(Wrong.CHANGED, sequence, sequence)
        elif previous is not None and digest_of(previous, sequence, mac, content) != stored:
            report.note(Wrong.MOVED, sequence, sequence)
        seal = ends.get(sequence)
        if seal is not None and seal.digest != stored:
            report.note(Wrong.RESEALED, seal.previous + 1, sequence)
        report.first = report.first or sequence
        report.rows += 1
        previous, last = stored, sequence
    report.last = last


def _check_seals(
    report: Report,
    anchor: Seal | None,
    ends: dict[int, Seal],
    start: int,
    *,
    key: bytes,
    workspace: int,
) -> None:
    if anchor is not None and anchor.code(key, workspace) != anchor.mac:
        report.note(Wrong.FORGED, anchor.sequence, anchor.sequence)
    previous = start
    for sequence, seal in ends.items():
        if seal.code(key, workspace) != seal.mac:
            report.note(Wrong.FORGED, sequence, sequence)
        if seal.previous != previous:
            report.note(Wrong.SEAL_MISSING, previous + 1, seal.previous)
        previous = sequence


def _check_head(
    report: Report,
    head: Seal,
    anchor: Seal | None,
    ends: dict[int, Seal],
    last_seal: int,
    *,
    key: bytes,
    workspace: int,
) -> None:
    start = anchor.sequence if anchor is not None else 0
    if head.code(key, workspace) != head.mac:
        report.note(Wrong.HEAD, head.sequence, head.sequence)
    elif head.sequence > last_seal:
        report.note(Wrong.CUT, last_seal + 1, head.sequence)
    elif head.sequence > start:
        known = ends.get(head.sequence)
        if known is None or known.digest != head.digest:
            report.note(Wrong.HEAD, head.sequence, head.sequence)
