"""What an operator may set: the ``FORMWRIGHT_*`` variables, read once at start."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from formwright.errors import SettingsError
from formwright.suggest import closest
from formwright.texts import LANGUAGES, Text, say

PREFIX = "FORMWRIGHT_"
#: Variables of the same prefix that belong to the build and to the test suite; a server ignores them.
FOREIGN = frozenset(
    {"ASSETS", "TEST_POSTGRES_URL", "TEST_BROWSER", "TEST_SHOTS", "BENCH_POSTGRES_URL"}
)
_SHORTEST_KEY = 32
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class _Refused(ValueError):
    """A value that a variable cannot have; ``text`` says what is accepted."""

    def __init__(self, text: Text) -> None:
        super().__init__(str(text))
        self.text = text


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise _Refused(
                say("expected a whole number from %(least)s to %(most)s", least=least, most=most)
            )
        return int(text)

    return parse


def _one_of(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in allowed:
            raise _Refused(say("expected one of %(names)s", names=", ".join(allowed)))
        return text

    return parse


def _level(text: str) -> str:
    return _one_of(*_LEVELS)(text.upper())


def _yes_or_no(text: str) -> bool:
    return _one_of("yes", "no")(text.lower()) == "yes"


def _zone(text: str) -> str:
    if text not in available_timezones():
        raise _Refused(say("expected a time zone such as Asia/Shanghai"))
    return ZoneInfo(text).key


def _hosts(text: str) -> tuple[str, ...]:
    return tuple(part.strip().lower() for part in text.split(",") if part.strip())


def _key(text: str) -> str:
    if text and len(text) < _SHORTEST_KEY:
        raise _Refused(say("expected at least %(count)s random characters", count=_SHORTEST_KEY))
    return text


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise _Refused(say("expected an address such as https://crm.example.com"))
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise _Refused(say("expected an address without a path"))
    return f"{parts.scheme}://{parts.netloc}".lower()


@dataclass(frozen=True, slots=True)
class Variable:
    """One ``FORMWRIGHT_*`` variable: its name without the prefix, its default as typed, and what it is for."""

    name: str
    default: str
    about: str
    parse: Callable[[str], Any] = str

    @property
    def attribute(self) -> str:
        """The attribute of ``Settings`` that it fills."""
        return self.name.lower()


#: Every variable, in the order in which the documentation lists them.
VARIABLES: tuple[Variable, ...] = (
    Variable(
        "HOME",
        "./var",
        "Folder with everything this instance keeps: database file, uploads, secret key.",
        Path,
    ),
    Variable(
        "DATABASE_URL",
        "",
        "SQLAlchemy URL of the database; empty means the SQLite file formwright.db in HOME.",
    ),
    Variable("HOST", "127.0.0.1", "Address that `formwright serve` listens on."),
    Variable("PORT", "8000", "Port that `formwright serve` listens on.", _whole(0, 65535)),
    Variable("WORKERS", "2", "Server processes of `formwright serve`.", _whole(1, 64)),
    Variable("THREADS", "4", "Threads in each server process.", _whole(1, 64)),
    Variable(
        "SECRET_KEY",
        "",
        "Key that signs what is given to browsers; empty means one generated into HOME.",
        _key,
    ),
    Variable(
        "DATA_KEY",
        "",
        "Key that encrypts secrets kept in the database; empty means one generated into HOME.",
        _key,
    ),
    Variable(
        "BASE_URL",
        "",
        "Address under which people reach the server, such as https://crm.example.com; links are made of it.",
        _base_url,
    ),
    Variable(
        "AUDIT_KEY",
        "",
        "Key that the audit log is signed with, the same on every machine; empty means one generated into HOME.",
        _key,
    ),
    Variable(
        "LANGUAGE",
        "en",
        "Language of people who have not chosen one and whose browser names none of ours.",
        _one_of(*LANGUAGES),
    ),
    Variable("TIMEZONE", "UTC", "Time zone of people who have not chosen one.", _zone),
    Variable(
        "REGION",
        "CN",
        "Country of telephone numbers typed without a country code.",
        _one_of("CN", "US", "GB", "DE", "FR", "HK", "TW", "SG", "JP", "KR"),
    ),
    Variable(
        "TRUSTED_HOSTS",
        "",
        "Host names under which the server may be asked, with commas; empty means any.",
        _hosts,
    ),
    Variable(
        "SECURE_COOKIES", "no", "`yes` where people reach the server by HTTPS only.", _yes_or_no
    ),
    Variable(
        "PROXY_HOPS",
        "0",
        "Proxies in front of the server whose X-Forwarded headers are believed.",
        _whole(0, 5),
    ),
    Variable(
        "SESSION_IDLE_MINUTES",
        "480",
        "A session ends after this long without a request.",
        _whole(5, 10080),
    ),
    Variable(
        "SESSION_DAYS", "7", "A session ends after this many days in any case.", _whole(1, 90)
    ),
    Variable(
        "MAX_UPLOAD_MB", "25", "Largest file that may be uploaded, in megabytes.", _whole(1, 1024)
    ),
    Variable("LOG_LEVEL", "INFO", "Least severity that is written to the log.", _level),
)
#: Addresses that mean this machine, or all of its own.
_HERE = frozenset({"127.0.0.1", "::1", "0.0.0.0", "::"})  # noqa: S104 -- compared with, not listened on
_BY_NAME = {variable.name: variable for variable in VARIABLES}


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one instance; see ``VARIABLES`` for their meaning."""

    home: Path = Path("var")
    database_url: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 2
    threads: int = 4
    secret_key: str = field(default="", repr=False)
    data_key: str = field(default="", repr=False)
    base_url: str = ""
    audit_key: str = field(default="", repr=False)
    language: str = "en"
    timezone: str = "UTC"
    region: str = "CN"
    trusted_hosts: tuple[str, ...] = ()
    secure_cookies: bool = False
    proxy_hops: int = 0
    session_idle_minutes: int = 480
    session_days: int = 7
    max_upload_mb: int = 25
    log_level: str = "INFO"

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of the database that is used."""
        return self.database_url or f"sqlite:///{self.home.resolve() / 'formwright.db'}"

    @property
    def address(self) -> str:
        """Where people reach the server, without a slash at the end: what links are made of, never a request."""
        host = "localhost" if self.host in _HERE else self.host
        return self.base_url or f"http://{host}:{self.port}"

    def key(self) -> str:
        """Return the secret key, made and kept in ``home`` when none is set."""
        return self.secret_key or _kept_key(self.home / "secret_key")

    def key_for_data(self) -> str:
        """Return the key for secrets in the database, made and kept in ``home`` when none is set."""
        return self.data_key or _kept_key(self.home / "data_key")

    def key_of_audit(self) -> bytes:
        """Return the key of the audit log, made and kept in ``home`` when none is set."""
        return sha256((self.audit_key or _kept_key(self.home / "audit_key")).encode()).digest()

    @property
    def audit_head(self) -> Path:
        """The file in which the last seal of the audit log is kept, outside the database."""
        return self.home / "audit_head"


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings that ``environ`` gives; an empty variable counts as not set.

    Raises SettingsError for a variable that is unknown, naming the nearest right one, or has no usable value.
    """
    found: dict[str, Any] = {}
    for name, text in environ.items():
        if not name.startswith(PREFIX) or name.removeprefix(PREFIX) in FOREIGN:
            continue
        variable = _BY_NAME.get(name.removeprefix(PREFIX))
        if variable is None:
            raise SettingsError(_unknown(name))
        if text.strip():
            found[variable.attribute] = _parsed(variable, text.strip())
    return Settings(**found)


def _parsed(variable: Variable, text: str) -> Any:
    try:
        return variable.parse(text)
    except _Refused as refused:
        # Not the value itself: it may be a secret.
        raise SettingsError(
            say(
                "%(name)s has no usable value: %(reason)s",
                name=PREFIX + variable.name,
                reason=refused.text,
            )
        ) from None


def _unknown(name: str) -> Text:
    near = closest(name.removeprefix(PREFIX), _BY_NAME)
    if near is None:
        return say("there is no setting %(name)s", name=name)
    return say(
        "there is no setting %(name)s; did you mean %(near)s?", name=name, near=PREFIX + near
    )


def _kept_key(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            # Linked, not renamed: of several processes that start at once, one wins and all read its key whole.
            path.hardlink_to(fresh)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    key = path.read_text(encoding="ascii").strip()
    if len(key) < _SHORTEST_KEY:
        raise SettingsError(
            say("the secret key in %(path)s is too short; remove the file", path=str(path))
        )
    return key
