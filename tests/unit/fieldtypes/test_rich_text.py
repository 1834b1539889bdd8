"""Formatted text: what it means, and that nothing in it can do anything, whatever it is made of."""

from __future__ import annotations

import time

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from formwright.fieldtypes import markdown
from formwright.fieldtypes.registry import builtin
from formwright.plugins.testing import PlainField
from formwright.texts import Reader

RICH = builtin()["rich_text"]
PLAIN = PlainField()

_TAGS = ("script", "img", "svg", "iframe", "object", "embed", "form", "input", "button", "style", "link", "meta", "base",
         "math", "video", "template", "fw-combobox", "b", "a", "p", "h1", "details", "textarea", "title", "noscript")  # fmt: skip
_ATTRIBUTES = (
    "onclick=alert(1)", "onerror=alert(1) src=x", "style='position:fixed'", "class=btn", "id=csrf", "name=cookie",
    "hx-get=/log-out", "hx-on:click=alert(1)", "data-hx-post=/x", "data-boost", "hx-trigger=load hx-post=/x",
    "href=javascript:alert(1)", "href='java\tscript:alert(1)'", "href='data:text/html,x'", "src=//evil.example/x.js",
    "formaction=/x", "srcdoc='<script>alert(1)</script>'", "xlink:href=javascript:alert(1)", "autofocus onfocus=alert(1)",
)  # fmt: skip
PAYLOADS = [
    *(f"<{tag} {attribute}>x</{tag}>" for tag in _TAGS for attribute in _ATTRIBUTES),
    "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](data:text/html;base64,PHN2Zz4=)", "[x](vbscript:x)",
    "<javascript:alert(1)>", "![x](https://evil.example/pixel.png)", "[x]: javascript:alert(1)\n\n[x]",
    "<scr<script>ipt>alert(1)</scr</script>ipt>", "<<script>script>alert(1)<</script>/script>", "<img src=x onerror=alert(1)//",
    "> <script>alert(1)</script>", "- <img src=x onerror=alert(1)>", "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
    "`<b>` <b onclick=alert(1)>", "<!--><script>alert(1)</script>-->", "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?>", "<b\nonclick=alert(1)>x</b>", "> <b\n> onclick=alert(1)>x</b>", "[a](https://x 'y\" onclick=alert(1)')",
    '[a](https://x" onclick="alert(1))', "<a href='https://x' onclick=alert(1)>x</a>", "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\\<script>alert(1)\\</script>", "```html onload=x\n<script>\n```", "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">", "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
]  # fmt: skip


def assert_harmless(html: str) -> None:
    for tag in BeautifulSoup(html, "html.parser").find_all(True):
        assert tag.name in markdown.TAGS, html
        assert set(tag.attrs) <= {"href", "title", "rel", "start"}, html
        if "href" in tag.attrs:
            scheme, colon, _ = tag["href"].partition(":")
            assert not colon or scheme in {"http", "https", "mailto", "tel"} or "/" in scheme, html
            assert tag["rel"] == ["noopener", "noreferrer"]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_in_a_text_can_do_anything(payload: str) -> None:
    assert_harmless(markdown.render(payload))  # as it is drawn when it came past the cleaning
    cleaned = markdown.clean(payload)
    assert_harmless(markdown.render(cleaned))
    assert markdown.clean(cleaned) == cleaned


_PIECES = st.sampled_from(
    [*PAYLOADS, *"<>&\"'`*_[]()!#-|\\\n\n  ", "</", "<b>", "a", "> ", "- ", "    ", "https://x"]
)


@given(st.lists(_PIECES, max_size=12).map("".join))
def test_nothing_put_together_can_do_anything(text: str) -> None:
    assert_harmless(markdown.render(text))
    cleaned = markdown.clean(text)
    assert markdown.clean(cleaned) == cleaned
    assert_harmless(markdown.render(cleaned))


@pytest.mark.parametrize(
    "text",
    [
        "1 < 2 && 3 > 2",
        "> quoted\n> twice",
        "Use `<div class=x>` here",
        "```html\n<script>alert(1)</script>\n```",
        "    <b onclick=x>code by indent</b>",
        "<https://example.com/a?b=1&c=2>",
        "H<sub>2</sub>O and <u>underlined</u>",
        "A & B",
        "| a | b |\n|---|---|\n| 1 | 2 |",
    ],
)
def test_what_is_harmless_stays_as_it_was_typed(text: str) -> None:
    assert markdown.clean(text) == text


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**fest** and *kursiv*", "<p><strong>fest</strong> and <em>kursiv</em></p>\n"),
        ("# Title", "<h3>Title</h3>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("~~gone~~", "<p><s>gone</s></p>\n"),
        ("1 < 2", "<p>1 &lt; 2</p>\n"),
    ],
)
def test_markdown_means_what_it_usually_means(text: str, html: str) -> None:
    assert markdown.render(text) == html


def test_lists_and_titles_show_the_words() -> None:
    assert (
        RICH.format(PLAIN, "## Agreed\n\n- price **holds** &amp; more", Reader())
        == "Agreed price holds & more"
    )


@pytest.mark.parametrize(
    "text", ["*" * 50_000, "[" * 50_000, "> " * 20_000, "<" * 50_000, "<b>" * 20_000, "`" * 50_000,
             "- " * 20_000 + "x", "|" * 50_000, "[a](" * 20_000, "**a " * 20_000, "<a " * 30_000, "&" * 90_000,
             "\n".join("> " * 15 + "<b" for _ in range(2_000))],
    ids=lambda text: text[:6],
)  # fmt: skip
def test_no_text_takes_long(text: str) -> None:
    begun = time.process_time()
    RICH.parse(PLAIN, text, Reader())
    markdown.render(text)
    assert time.process_time() - begun < 5
