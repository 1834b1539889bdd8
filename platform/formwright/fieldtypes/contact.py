"""Field types for ways to reach somebody: email, phone, url."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from formwright.fieldtypes import phones
from formwright.fieldtypes.base import Example, FieldLike, ValueProblem
from formwright.fieldtypes.spelling import squeeze
from formwright.fieldtypes.text import (
    TextType,
    length_problem,
    pattern_mismatch,
    require_text,
    text_schema,
)
from formwright.texts import Reader, Text, say

_EMAIL = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
)
_WIDE_EMAIL = re.compile(r"[^\s@<>(),;:\"\[\]\\]{1,64}@[^\s@<>(),;:\"\[\]\\]{3,253}")
_EMAIL_LENGTH = 254
_URL_LENGTH = 2000
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_HOST_AND_PORT = re.compile(r"[\w.-]+:[0-9]{1,5}(?:[/?#]|$)")
_SCHEMES = ("http", "https", "mailto", "tel")
_NOT_IN_URL = re.compile(r"[\s<>\"\\^`{|}\x00-\x20\x7f]")


class EmailType(TextType):
    """An e-mail address, in lower case."""

    name = "email"
    attributes = frozenset({"maxLength", "pattern"})
    widget = "email"
    operators: ClassVar[tuple[str, ...]] = (
        "eq",
        "ne",
        "contains",
        "starts_with",
        "ends_with",
        "in",
        "not_in",
        "empty",
        "not_empty",
    )
    examples: ClassVar[tuple[Example, ...]] = (
        Example("Li.Wei@Example.COM", "li.wei@example.com"),
        Example(" ｌｉ＠ｅｘａｍｐｌｅ．ｃｏｍ ", "li@example.com"),
        Example("mailto:sales@example.com", "sales@example.com"),
        Example("联系@例子.中国", "联系@例子.中国"),
        Example("", None),
        Example("li.example.com", wrong=True),
        Example("li@example", wrong=True),
        Example("li wei@example.com", wrong=True),
        Example("li@-example-.com", wrong=True),
    )
    longest = _EMAIL_LENGTH

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Return the address in lower case and ordinary width."""
        text = typed.strip().lower()
        if _EMAIL.fullmatch(text):
            return text
        text = squeeze(text).replace("。", ".").lower().removeprefix("mailto:").strip()
        if not text:
            return None
        if not _EMAIL.fullmatch(text) and not _is_wide_address(text):
            raise ValueProblem(
                say(
                    "“%(typed)s” is not an e-mail address. Write it like name@example.com.",
                    typed=text[:60],
                )
            )
        return text

    def compare_key(self, field: FieldLike, value: Any) -> str:
        """Return the address."""
        return str(value)

    def json_schema(self, field: FieldLike) -> Mapping[str, Any]:
        """Return the JSON Schema of an address, which may have letters of any script."""
        return {**text_schema(field, self.longest), "format": "idn-email"}


class PhoneType(TextType):
    """A telephone number: E.164 inside, shown as people of the region write it."""

    name = "phone"
    attributes = frozenset({"default_region", "line"})
    widget = "phone"
    operators: ClassVar[tuple[str, ...]] = (
        "eq",
        "ne",
        "contains",
        "starts_with",
        "ends_with",
        "in",
        "not_in",
        "empty",
        "not_empty",
    )
    examples: ClassVar[tuple[Example, ...]] = (
        Example("13800138000", "+8613800138000"),
        Example("138 0013 8000", "+8613800138000"),
        Example("138-0013-8000", "+8613800138000"),
        Example("+86 138-0013-8000", "+8613800138000"),
        Example("0086 13800138000", "+8613800138000"),
        Example("(+86)138.0013.8000", "+8613800138000"),
        Example("１３８００１３８０００", "+8613800138000"),
        Example("13800138000.0", "+8613800138000"),
        Example("+1 650 253 0000", "+16502530000"),
        Example("", None),
        Example("1380013800", wrong=True),
        Example("12345678901", wrong=True),
        Example("010-12345678", wrong=True),
        Example("call me", wrong=True),
    )
    longest = None

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Return the number in E.164; refuse a landline in a mobile field and the other way round."""
        number = phones.read_phone(typed, field.default_region or reader.region)
        if number is not None and (problem := self.check(field, number)) is not None:
            raise ValueProblem(problem)
        return number

    def format(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return the number as it is written at home, foreign ones in international form."""
        word = "转" if reader.language.startswith("zh") else "ext."
        return phones.show_phone(value, field.default_region or reader.region, word)

    def format_input(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return what ``format`` shows; it is typed the same way."""
        return self.format(field, value, reader)

    def accept(self, field: FieldLike, value: Any) -> Any:
        """Return the E.164 form of a number given as text."""
        return self.parse(field, require_text(value), Reader())

    def check(self, field: FieldLike, value: Any) -> Text | None:
        """Return a sentence for the wrong kind of line."""
        return phones.line_problem(value, field.line or "mobile")

    def compare_key(self, field: FieldLike, value: Any) -> str:
        """Return the number."""
        return str(value)

    def search_text(self, field: FieldLike, value: Any) -> str:
        """Return the digits, so that any part of the number finds it, with and without the trunk zero."""
        number = str(value).removeprefix("+86").partition(";")[0]
        if number.startswith("+") or phones.is_mobile(value):
            return number
        return "0" + number

    def json_schema(self, field: FieldLike) -> Mapping[str, Any]:
        """Return the JSON Schema of a number in E.164, with ``;ext=`` for an extension."""
        return {
            "type": "string",
            "format": "phone",
            "pattern": r"^\+[1-9][0-9]{2,14}(;ext=[0-9]{1,7})?$",
        }


class UrlType(TextType):
    """An address on the web; also mailto: and tel:."""

    name = "url"
    attributes = frozenset({"maxLength", "pattern"})
    widget = "url"
    operators: ClassVar[tuple[str, ...]] = (
        "eq",
        "ne",
        "contains",
        "starts_with",
        "empty",
        "not_empty",
    )
    examples: ClassVar[tuple[Example, ...]] = (
        Example("https://Example.com/A?b=1", "https://example.com/A?b=1"),
        Example("example.com", "https://example.com"),
        Example("www.example.com:8080/x", "https://www.example.com:8080/x"),
        Example("ｈｔｔｐｓ：／／例子.中国/路径", "https://例子.中国/路径"),
        Example("mailto:a@example.com", "mailto:a@example.com"),
        Example("tel:+8613800138000", "tel:+8613800138000"),
        Example("", None),
        Example("javascript:alert(1)", wrong=True),
        Example("ftp://example.com", wrong=True),
        Example("not a link", wrong=True),
        Example("https://bank.example@evil.example/", wrong=True),
    )
    longest = _URL_LENGTH

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Return the address with scheme; ``https://`` is added where none is given."""
        text = squeeze(typed)
        if not text:
            return None
        if _HOST_AND_PORT.match(text) or not _SCHEME.match(text):
            text = "https://" + text.removeprefix("//")
        scheme, _, rest = text.partition(":")
        scheme = scheme.lower()
        if scheme not in _SCHEMES:
            raise ValueProblem(say("A link starts with https://, http://, mailto: or tel:."))
        if _NOT_IN_URL.search(rest):
            raise ValueProblem(_no_link(text))
        if scheme in ("mailto", "tel"):
            return f"{scheme}:{rest}"
        return _web_address(scheme, text)

    def compare_key(self, field: FieldLike, value: Any) -> str:
        """Return the address; only its scheme and host ignore case, and they are in lower case."""
        return str(value)

    def check(self, field: FieldLike, value: Any) -> Text | None:
        """Return what is wrong with length or form."""
        return length_problem(field, value, self.longest) or pattern_mismatch(field, value)

    def json_schema(self, field: FieldLike) -> Mapping[str, Any]:
        """Return the JSON Schema of an address, which may have letters of any script."""
        return {**text_schema(field, self.longest), "format": "iri"}


def _web_address(scheme: str, text: str) -> str:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueProblem(_no_link(text)) from None
    if (
        not host
        or ("." not in host.strip(".") and host != "localhost" and ":" not in host)
        or ".." in host
    ):
        raise ValueProblem(_no_link(text))
    if parts.username is not None:
        raise ValueProblem(say("Leave out the user name in front of the @."))
    host = f"[{host}]" if ":" in host else host
    tail = text.partition("://")[2][len(parts.netloc) :]
    return f"{scheme}://{host}{'' if port is None else f':{port}'}{tail}"


def _is_wide_address(text: str) -> bool:
    """Return True for an address with letters beyond ASCII whose domain the net could resolve."""
    if not _WIDE_EMAIL.fullmatch(text) or len(text) > _EMAIL_LENGTH:
        return False
    domain = text.rpartition("@")[2]
    if "." not in domain or any(
        not label or label[0] == "-" or label[-1] == "-" for label in domain.split(".")
    ):
        return False
    try:
        encoded = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return False
    return _EMAIL.fullmatch("x@" + re.sub(r"\.xn--[a-z0-9-]+$", ".cn", encoded)) is not None


def _no_link(text: str) -> Text:
    return say("“%(typed)s” is not a link. Write it like https://example.com.", typed=text[:60])
