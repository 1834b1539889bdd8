"""One text in its many spellings: widths, spaces, characters that nobody sees."""

from __future__ import annotations

import unicodedata

#: Full-width forms of ASCII, the ideographic space, and the two wide currency signs.
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x3000: 0x20,
    0xFFE5: 0xA5,
    0xFFE1: 0xA3,
}

#: Control characters, lone surrogates, marks of direction and of zero width: no database or reader wants them.
#: Zero-width joiners stay, since emoji and several scripts need them.
_UNSEEN: dict[int, None] = dict.fromkeys(
    [
        *(code for code in range(0x20) if code not in (0x09, 0x0A)),
        *range(0x7F, 0xA0),
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
        *range(0xD800, 0xE000),
        0x200B,
        0x2060,
        0xFEFF,
        0xFFFE,
        0xFFFF,
    ]
)
_ACCENTS: dict[int, None] = dict.fromkeys(range(0x0300, 0x0370))


def narrow(text: str) -> str:
    """Return ``text`` with full-width letters, digits and signs of ASCII in their ordinary width.

    Right for numbers, codes, telephone numbers and addresses of the net; wrong for prose and names, where a
    full-width comma is the right one.

    >>> narrow("１３８－0013")
    '138-0013'
    """
    return text if text.isascii() else text.translate(_WIDE)


def squeeze(text: str) -> str:
    """Return ``text`` in ordinary width, trimmed, each run of spaces as one, without unseen characters.

    Numbers copied out of a messenger come with marks of direction around them.

    >>> squeeze("  ２０２４ 　3 ")
    '2024 3'
    """
    text = " ".join(text.split())
    if text.isascii() and text.isprintable():
        return text
    return " ".join(text.translate(_UNSEEN).translate(_WIDE).split())


def one_line(text: str) -> str:
    r"""Return ``text`` as one line: composed (NFC), trimmed, runs of white space as one space, unseen ones gone.

    >>> one_line("  王 \u200b 小明\n")
    '王 小明'
    """
    text = " ".join(text.split())
    if text.isprintable() and (text.isascii() or unicodedata.is_normalized("NFC", text)):
        return text  # what is unseen is not printable
    text = " ".join(text.translate(_UNSEEN).split())
    return unicodedata.normalize("NFC", text)


def many_lines(text: str) -> str:
    """Return ``text`` composed (NFC) with its lines kept: no spaces at their ends, no empty ones around it."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_UNSEEN)
    text = unicodedata.normalize("NFC", text)
    return "\n".join(line.rstrip() for line in text.split("\n")).strip()


def comparable(text: str) -> str:
    """Return the form in which words are the same: case, width, accents and spacing ignored.

    >>> comparable("Ｃafé  Zürich") == comparable("cafe zurich")
    True
    """
    if text.isascii():
        return " ".join(text.split()).casefold()
    text = unicodedata.normalize("NFKD", text).casefold().translate(_ACCENTS)
    return " ".join(unicodedata.normalize("NFKC", text).split())
