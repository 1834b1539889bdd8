"""Formatted text: Markdown with a little HTML in it, cleaned when it comes in and again when it is shown."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

#: What may be in a formatted text. No picture: it would tell another server who reads. No class, id, style or name:
#: they would let a text borrow the looks and the scripts of our pages.
TAGS = frozenset(
    {
        "a", "b", "blockquote", "br", "code", "del", "em", "h3", "h4", "h5", "h6", "hr", "i", "kbd", "li", "mark", "ol",
        "p", "pre", "s", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
    }
)  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto", "tel"}
_CLOSING = re.compile(r"</([a-zA-Z][a-zA-Z0-9]*)\s*>")
#: So often a text is looked at anew after something was taken out; what is still there then is made plain text.
_ROUNDS = 5


def render(text: str) -> str:
    """Return the HTML of a formatted text; whatever stands in ``text``, nothing in the result can do anything."""
    return _clean_html(_parser().render(text))


def plain(text: str) -> str:
    """Return the words of a formatted text in one line, for lists and titles."""
    words = nh3.clean(_parser().render(text), tags=set())
    return " ".join(html.unescape(words).split())


def clean(text: str) -> str:
    """Return Markdown without the HTML that has no place in it; what is clean comes back as it is.

    >>> clean("**Hello** <b onclick=x()>you</b><script>x()</script>, 1 < 2 & `<i>`")
    '**Hello** <b>you</b>x(), 1 < 2 & `<i>`'
    """
    for _ in range(_ROUNDS):
        fresh = _clean_once(text)
        if fresh == text:
            return text
        text = fresh
    return text.replace("<", "&lt;")


def _clean_once(text: str) -> str:
    lines = text.split("\n")
    #: First and behind-last line -> what stands there, and up to where it has been looked at.
    parts: dict[tuple[int, int], tuple[str, int]] = {}
    for token in _parser().parse(text):
        if token.map is None or token.type not in {"html_block", "inline"}:
            continue
        place = (token.map[0], token.map[1])
        source, position = parts.get(place, ("\n".join(lines[slice(*place)]), 0))
        if token.type == "html_block":
            parts[place] = (_clean_block(source, token.content), 0)
        else:
            parts[place] = _clean_inline(source, position, token.children or [])
    for (first, behind), (source, _position) in sorted(parts.items(), reverse=True):
        lines[first:behind] = source.split("\n")
    return "\n".join(lines).strip("\n")


def _clean_block(source: str, content: str) -> str:
    """Clean a block of HTML; one that stands inside a quotation or a list becomes plain text."""
    if source.strip("\n") != content.strip("\n"):
        return source.replace("<", "&lt;")
    return _clean_html(content.strip("\n"))


def _clean_inline(source: str, position: int, children: list[Token]) -> tuple[str, int]:
    """Clean the tags in a line of text; code is left alone."""
    for child in children:
        if child.type not in {"code_inline", "html_inline"}:
            continue
        at = source.find(child.content, position)
        if child.type == "code_inline":
            position = at + len(child.content) if at >= 0 else position
        elif at < 0:  # it goes over several lines of a quotation
            return source.replace("<", "&lt;"), len(source)
        else:
            fresh = _clean_tag(child.content)
            source = source[:at] + fresh + source[at + len(child.content) :]
            position = at + len(fresh)
    return source, position


def _clean_tag(tag: str) -> str:
    closing = _CLOSING.fullmatch(tag)
    if closing is not None:
        name = closing[1].lower()
        return f"</{name}>" if name in TAGS else ""
    cleaned = _clean_html(tag)
    return cleaned[: cleaned.find(">") + 1] if cleaned.startswith("<") else ""


def _clean_html(text: str) -> str:
    return nh3.clean(
        text,
        tags=set(TAGS),
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer",
        strip_comments=True,
    )


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    """Return the parser: CommonMark with tables and struck-out text, no pictures, headings below those of a page."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    parser.disable("image")
    parser.add_render_rule("heading_open", _heading)
    parser.add_render_rule("heading_close", _heading)
    return parser


def _heading(_renderer: Any, tokens: list[Token], at: int, _options: Any, _environment: Any) -> str:
    level = min(int(tokens[at].tag[1]) + 2, 6)
    return f"<h{level}>" if tokens[at].nesting == 1 else f"</h{level}>\n"
