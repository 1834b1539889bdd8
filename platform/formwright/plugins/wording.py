"""Sentences of plugins, which bring their translations along."""

from __future__ import annotations

from formwright.texts import Label, Text


def wording(english: str, /, chinese: str, **params: object) -> Text:
    """Return a sentence in both languages of the platform, its ``%(name)s`` places filled from ``params``.

    >>> sentence = wording("at least %(limit)s", chinese="至少 %(limit)s", limit=3)
    >>> sentence.in_language("zh-CN"), sentence.in_language("en")
    ('至少 3', 'at least 3')
    """
    if params:
        english, chinese = english % params, chinese % params
    return Text("%(sentence)s", {"sentence": Label(english, {"zh-CN": chinese})})
