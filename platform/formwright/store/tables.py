"""The fixed tables. Adding entities and fields never changes them; the workspace comes first in every key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

from formwright.store.columntypes import CODE_POINT_TEXT, NUMBER, Document, Instant

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: How many typed columns a record row has, by family.
SLOT_COUNTS = {"t": 10, "n": 10, "d": 8, "r": 8}
SLOT_TYPES: dict[str, TypeEngine[Any]] = {
    "t": CODE_POINT_TEXT,
    "n": NUMBER,
    "d": Instant(),
    "r": NUMBER,
}


#: How many more columns carry numbers that nobody selects or sorts by: sums read them, no index follows them.
MEASURES = 8


def measure_names() -> Iterator[str]:
    """Yield ``m1`` ... ``m8``."""
    yield from (f"m{number}" for number in range(1, MEASURES + 1))


def slot_names() -> Iterator[str]:
    """Yield ``t1`` ... ``r8``."""
    for family, count in SLOT_COUNTS.items():
        yield from (f"{family}{number}" for number in range(1, count + 1))


def _workspace() -> Column[int]:
    return Column("workspace_id", Integer, nullable=False)


entity = Table(
    "entity",
    metadata,
    _workspace(),
    Column("id", Integer, nullable=False, autoincrement=False),
    Column("name", Text, nullable=False),
    # by what its records can be found: unique values, search entries, edges; see rebuild.wanted
    Column("built", Document, nullable=False),
    PrimaryKeyConstraint("workspace_id", "id"),
    UniqueConstraint("workspace_id", "name"),
)

slot = Table(
    "slot",
    metadata,
    _workspace(),
    Column("entity_id", Integer, nullable=False),
    Column("attribute", Text, nullable=False),
    Column("column", Text, nullable=False),
    # assigned: written, not read yet; ready: read; freed: neither, its data is to be cleared
    Column("state", Text, nullable=False),
    # False promises that no record of the entity has a null here, so that lists may skip looking for them
    Column("nulls", Boolean, nullable=False),
    PrimaryKeyConstraint("workspace_id", "entity_id", "attribute"),
    UniqueConstraint("workspace_id", "entity_id", "column"),
)

record = Table(
    "record",
    metadata,
    _workspace(),
    Column("entity_id", Integer, nullable=False),
    Column("id", NUMBER, nullable=False),
    Column("owner_id", NUMBER),
    Column("parent_id", NUMBER),
    Column("created_by", NUMBER),
    Column("updated_by", NUMBER),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("version", Integer, nullable=False),
    Column("position", Integer),
    *(Column(name, SLOT_TYPES[name[0]]) for name in slot_names()),
    *(Column(name, NUMBER) for name in measure_names()),
    Column(
        "data", Document, nullable=False
    ),  # last: slots are read without touching overflow pages
    PrimaryKeyConstraint("workspace_id", "entity_id", "id"),
    Index("ix_record_created", "workspace_id", "entity_id", "created_at", "id"),
    Index("ix_record_updated", "workspace_id", "entity_id", "updated_at", "id"),
    Index("ix_record_owner", "workspace_id", "entity_id", "owner_id", "updated_at", "id"),
)


def _partial(name: str, *columns: str, present: str) -> None:
    condition = record.c[present].is_not(None)
    Index(
        name,
        *(record.c[column] for column in columns),
        postgresql_where=condition,
        sqlite_where=condition,
    )


_partial(
    "ix_record_parent",
    "workspace_id",
    "entity_id",
    "parent_id",
    "position",
    "id",
    present="parent_id",
)
for _name in slot_names():
    _partial(f"ix_record_{_name}", "workspace_id", "entity_id", _name, "id", present=_name)

trash = Table(
    "trash",
    metadata,
    _workspace(),
    Column("deletion_id", NUMBER, nullable=False),
    Column("entity_id", Integer, nullable=False),
    Column("record_id", NUMBER, nullable=False),
    Column("root", Boolean, nullable=False),  # the record that was deleted; the others went with it
    Column("deleted_at", Instant, nullable=False),
    Column("deleted_by", NUMBER),
    Column("row", Document, nullable=False),
    PrimaryKeyConstraint("workspace_id", "entity_id", "record_id"),
    Index("ix_trash_deletion", "workspace_id", "deletion_id"),
    Index("ix_trash_entity", "workspace_id", "entity_id", "root", "deletion_id"),
)

link = Table(
    "link",
    metadata,
    _workspace(),
    Column("entity_id", Integer, nullable=False),
    Column("attribute", CODE_POINT_TEXT, nullable=False),
    Column("record_id", NUMBER, nullable=False),
    Column("target_id", NUMBER, nullable=False),
    PrimaryKeyConstraint("workspace_id", "entity_id", "attribute", "record_id", "target_id"),
    Index("ix_link_target", "workspace_id", "entity_id", "attribute", "target_id", "record_id"),
    sqlite_with_rowid=False,
)

unique_value = Table(
    "unique_value",
    metadata,
    _workspace(),
    Column("entity_id", Integer, nullable=False),
    Column("constraint", CODE_POINT_TEXT, nullable=False),
    Column("value", CODE_POINT_TEXT, nullable=False),
    Column("record_id", NUMBER, nullable=False),
    PrimaryKeyConstraint("workspace_id", "entity_id", "constraint", "value"),
    sqlite_with_rowid=False,
)

history = Table(
    "history",
    metadata,
    _workspace(),
    Column("entity_id", Integer, nullable=False),
    Column("record_id", NUMBER, nullable=False),
    Column("id", NUMBER, nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", NUMBER),
    Column("version", Integer, nullable=False),
    Column("channel", Text, nullable=False),
    Column("operation", Text, nullable=False),
    # create: the document itself (each value was null before); else key -> [before, after], in stored form
    Column("changes", Document, nullable=False),
    PrimaryKeyConstraint("workspace_id", "entity_id", "record_id", "id"),
)

sequence_counter = Table(
    "sequence_counter",
    metadata,
    _workspace(),
    Column("sequence", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("per", Text, nullable=False),
    Column("last", NUMBER, nullable=False),
    PrimaryKeyConstraint("workspace_id", "sequence", "period", "per"),
)

search = Table(
    "search",
    metadata,
    _workspace(),
    Column("entity_id", Integer, nullable=False),
    Column("record_id", NUMBER, nullable=False),
    Column("text", Text, nullable=False),
    # SQLite keeps the tokens in the full-text table search_token, whose rowid is the record's id
    Column("tokens", ARRAY(Integer).with_variant(Text(), "sqlite")),
    PrimaryKeyConstraint("workspace_id", "entity_id", "record_id"),
    sqlite_with_rowid=False,
)
Index("ix_search_tokens", search.c.tokens, postgresql_using="gin").ddl_if(dialect="postgresql")

definition_revision = Table(
    "definition_revision",
    metadata,
    _workspace(),
    Column("number", Integer, nullable=False, autoincrement=False),
    Column("files", Document, nullable=False),
    Column("by", NUMBER),
    Column("author", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", Instant, nullable=False),
    # counts how often its slots became readable, so that every process learns of it with the number
    Column("fills", Integer, nullable=False),
    PrimaryKeyConstraint("workspace_id", "number"),
)

setting_value = Table(
    "setting_value",
    metadata,
    _workspace(),
    Column("package", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("value", Document, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("updated_by", NUMBER),
    PrimaryKeyConstraint("workspace_id", "package", "key"),
)

credential = Table(
    "credential",
    metadata,
    _workspace(),
    Column("user_id", NUMBER, nullable=False),
    Column("login", CODE_POINT_TEXT, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("must_change", Boolean, nullable=False),
    Column("changed_at", Instant, nullable=False),
    PrimaryKeyConstraint("workspace_id", "user_id"),
    UniqueConstraint("workspace_id", "login"),
)

user_role = Table(
    "user_role",
    metadata,
    _workspace(),
    Column("user_id", NUMBER, nullable=False),
    Column("role", Text, nullable=False),
    Column("granted_at", Instant, nullable=False),
    Column("granted_by", NUMBER),
    PrimaryKeyConstraint("workspace_id", "user_id", "role"),
)

record_share = Table(
    "record_share",
    metadata,
    _workspace(),
    Column("entity_id", Integer, nullable=False),
    Column("record_id", NUMBER, nullable=False),
    Column("kind", CODE_POINT_TEXT, nullable=False),  # user or team
    Column("grantee_id", NUMBER, nullable=False),
    Column("level", Text, nullable=False),  # read or edit
    Column("at", Instant, nullable=False),
    Column("by", NUMBER),
    PrimaryKeyConstraint("workspace_id", "entity_id", "record_id", "kind", "grantee_id"),
    Index(
        "ix_record_share_grantee", "workspace_id", "kind", "grantee_id", "entity_id", "record_id"
    ),
    sqlite_with_rowid=False,
)

#: Who owned the records that were handed over together, for as long as that can be taken back.
reassignment = Table(
    "reassignment",
    metadata,
    _workspace(),
    Column("id", NUMBER, nullable=False),
    Column("entity_id", Integer, nullable=False),
    Column("record_id", NUMBER, nullable=False),
    Column("before_id", NUMBER),
    Column("after_id", NUMBER),
    Column("at", Instant, nullable=False),
    Column("by", NUMBER),
    PrimaryKeyConstraint("workspace_id", "id", "entity_id", "record_id"),
    Index("ix_reassignment_at", "workspace_id", "at"),
)

session = Table(
    "session",
    metadata,
    _workspace(),
    Column("token_hash", CODE_POINT_TEXT, nullable=False),
    Column("user_id", NUMBER, nullable=False),
    Column("csrf", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("values", Document, nullable=False),
    PrimaryKeyConstraint("workspace_id", "token_hash"),
    Index("ix_session_user", "workspace_id", "user_id"),
    Index("ix_session_expires", "workspace_id", "expires_at"),
)

log_in_attempt = Table(
    "log_in_attempt",
    metadata,
    _workspace(),
    Column("id", NUMBER, nullable=False),
    Column("at", Instant, nullable=False),
    Column("login", CODE_POINT_TEXT, nullable=False),
    Column("address", CODE_POINT_TEXT, nullable=False),
    Column("succeeded", Boolean, nullable=False),
    PrimaryKeyConstraint("workspace_id", "id"),
    Index("ix_log_in_attempt_login", "workspace_id", "login", "at"),
    Index("ix_log_in_attempt_address", "workspace_id", "address", "at"),
)

# what lets somebody do one thing once: choose a password, finish a log-in, register a passkey
one_time_token = Table(
    "one_time_token",
    metadata,
    _workspace(),
    Column("token_hash", CODE_POINT_TEXT, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("user_id", NUMBER),  # None where it is not known yet who somebody is
    # what it was made for besides: the password it replaces, the browser it was given to
    Column("bound", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", NUMBER),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    PrimaryKeyConstraint("workspace_id", "token_hash"),
    Index("ix_one_time_token_user", "workspace_id", "user_id"),
    Index("ix_one_time_token_expires", "workspace_id", "expires_at"),
)

two_factor = Table(
    "two_factor",
    metadata,
    _workspace(),
    Column("user_id", NUMBER, nullable=False),
    Column("secret", Text, nullable=False),  # encrypted, see engine.vault
    Column("created_at", Instant, nullable=False),
    Column("confirmed_at", Instant),  # None: shown to the person, who has not typed a code yet
    Column("last_counter", NUMBER, nullable=False),  # of the newest code accepted; none is twice
    PrimaryKeyConstraint("workspace_id", "user_id"),
)

recovery_code = Table(
    "recovery_code",
    metadata,
    _workspace(),
    Column("user_id", NUMBER, nullable=False),
    Column("code_hash", CODE_POINT_TEXT, nullable=False),
    Column("used_at", Instant),
    PrimaryKeyConstraint("workspace_id", "user_id", "code_hash"),
)

passkey = Table(
    "passkey",
    metadata,
    _workspace(),
    Column("id", NUMBER, nullable=False),
    Column("user_id", NUMBER, nullable=False),
    Column("credential", CODE_POINT_TEXT, nullable=False),  # its id, base64url
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", NUMBER, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("used_at", Instant),
    PrimaryKeyConstraint("workspace_id", "id"),
    UniqueConstraint("workspace_id", "credential"),
    Index("ix_passkey_user", "workspace_id", "user_id"),
)

hand_over = Table(
    "hand_over",
    metadata,
    _workspace(),
    Column("id", NUMBER, nullable=False),
    Column("user_id", NUMBER, nullable=False),  # whose records they were
    Column("at", Instant, nullable=False),
    Column("by", NUMBER),
    Column("undone_at", Instant),
    Column("undone_by", NUMBER),
    PrimaryKeyConstraint("workspace_id", "id"),
    Index("ix_hand_over_user", "workspace_id", "user_id", "id"),
)

hand_over_record = Table(
    "hand_over_record",
    metadata,
    _workspace(),
    Column("hand_over_id", NUMBER, nullable=False),
    Column("entity_id", Integer, nullable=False),
    Column("record_id", NUMBER, nullable=False),
    Column("successor_id", NUMBER, nullable=False),
    PrimaryKeyConstraint("workspace_id", "hand_over_id", "entity_id", "record_id"),
)

stored_file = Table(
    "stored_file",
    metadata,
    _workspace(),
    Column("id", NUMBER, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("mime", Text, nullable=False),
    Column("size", NUMBER, nullable=False),
    Column("content", LargeBinary),  # None: below home/files, by hash
    Column("created_at", Instant, nullable=False),
    Column("created_by", NUMBER),
    # the record that has claimed it; an unclaimed upload is swept after a day
    Column("entity_id", Integer),
    Column("record_id", NUMBER),
    Column("attribute", Text),
    PrimaryKeyConstraint("workspace_id", "id"),
    Index("ix_stored_file_record", "workspace_id", "entity_id", "record_id"),
    Index("ix_stored_file_sha256", "workspace_id", "sha256"),
)

import_run = Table(
    "import_run",
    metadata,
    _workspace(),
    Column("key", Text, nullable=False),
    Column("entity_id", Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("started_by", NUMBER),
    Column("finished_at", Instant),
    Column("summary", Document, nullable=False),
    PrimaryKeyConstraint("workspace_id", "key"),
)

import_batch = Table(
    "import_batch",
    metadata,
    _workspace(),
    Column("key", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("summary", Document, nullable=False),
    PrimaryKeyConstraint("workspace_id", "key", "number"),
    ForeignKeyConstraint(
        ["workspace_id", "key"], ["import_run.workspace_id", "import_run.key"], ondelete="CASCADE"
    ),
)

audit = Table(
    "audit",
    metadata,
    _workspace(),
    Column("id", NUMBER, nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", NUMBER),
    Column("on_behalf_of", NUMBER),
    Column("channel", Text, nullable=False),
    Column("event", CODE_POINT_TEXT, nullable=False),
    Column("entity", CODE_POINT_TEXT, nullable=False),
    Column("record", NUMBER),
    Column("details", Text, nullable=False),  # JSON, kept letter by letter: the mac is over it
    Column("request", Text, nullable=False),
    Column("address", CODE_POINT_TEXT, nullable=False),
    Column("mac", Text, nullable=False),
    # null until the sealer has given the entry its place; see audit_chain
    Column("sequence", NUMBER),
    Column("digest", Text),
    PrimaryKeyConstraint("workspace_id", "id"),
    UniqueConstraint("workspace_id", "sequence"),
    Index("ix_audit_at", "workspace_id", "at", "id"),
    Index("ix_audit_actor", "workspace_id", "actor", "at", "id"),
    Index("ix_audit_event", "workspace_id", "event", "at", "id"),
    Index("ix_audit_record", "workspace_id", "entity", "record", "at", "id"),
    Index("ix_audit_address", "workspace_id", "address", "at", "id"),
)
Index(
    "ix_audit_unsealed",
    audit.c.workspace_id,
    audit.c.id,
    postgresql_where=audit.c.sequence.is_(None),
    sqlite_where=audit.c.sequence.is_(None),
)

audit_seal = Table(
    "audit_seal",
    metadata,
    _workspace(),
    Column("sequence", NUMBER, nullable=False),
    # seal: the entries up to here are settled; anchor: the log begins behind here, what was before was removed
    Column("kind", CODE_POINT_TEXT, nullable=False),
    Column("previous", NUMBER, nullable=False),
    Column("digest", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("mac", Text, nullable=False),
    PrimaryKeyConstraint("workspace_id", "sequence", "kind"),
)
