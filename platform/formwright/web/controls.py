"""One input of a form: a WTForms field that draws itself and keeps what was typed. It judges nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from babel.dates import format_date, format_datetime
from babel.numbers import get_currency_symbol
from flask import current_app
from jinja2 import TemplateNotFound
from markupsafe import Markup
from wtforms import Field as WTFormsField

from formwright.definitions.model import Field
from formwright.engine.drafts import FieldState, Typed, Violation
from formwright.engine.formats import Titles, references_in, show
from formwright.fieldtypes.address import PARTS
from formwright.fieldtypes.base import ValueProblem
from formwright.fieldtypes.file import show_size
from formwright.ids import format_id
from formwright.texts import Reader, say
from formwright.web.drawn import (
    FileView,
    Item,
    OptionView,
    PartView,
    address_parts,
    file_view,
    options_of,
)

#: Below this many options a required choice is drawn as buttons instead of a list to open.
FEW_OPTIONS = 5
_SHORT_TITLES = 44
#: Inputs that have no single element which a label could belong to.
_GROUPS = frozenset({"radios", "choices", "rating", "address"})
_ECHOED = frozenset({"date", "datetime", "phone", "money", "number", "integer", "percent"})
_MOMENT = {"en": "EEEE, d MMMM y HH:mm", "zh": "y年M月d日 EEEE HH:mm"}
_PICTURES = "image/png,image/jpeg,image/webp,image/gif"
_SHORT_NUMBER = 6
_NUMBERS = frozenset({"money", "number", "integer", "percent"})


def draw(field: Control, **_named: Any) -> Markup:
    """Return the HTML of an input; WTForms calls this when a template prints the field."""
    return Markup(_macro(field.widget_name)(field))  # noqa: S704 -- the output of our own template


def _macro(widget: str) -> Any:
    try:
        return current_app.jinja_env.get_template(f"widgets/{widget}.html").module.control  # type: ignore[attr-defined]
    except TemplateNotFound:
        return current_app.jinja_env.get_template("widgets/text.html").module.control  # type: ignore[attr-defined]


class Control(WTFormsField):
    """The input of one field of a record or of one of its rows.

    Before ``show`` it only knows what was sent; ``show`` gives it everything that a template asks for.
    """

    widget = staticmethod(draw)

    def __init__(self, *, definition: Field, **named: Any) -> None:
        super().__init__(label=definition.key, **named)
        self.definition = definition
        self.texts: tuple[str, ...] = ()
        self.search = ""
        self.sent = False
        self.in_row = False
        self.errors: list[str] = []
        self.matches: Sequence[Item] = ()
        self.visible = True
        self.css = ""

    def process(self, formdata: Any, *_data: Any, **_named: Any) -> None:
        """Take what was sent for this input, word for word."""
        self.raw_data = []
        if formdata is None:
            return
        self.sent = self.name in formdata
        self.texts = tuple(formdata.getlist(self.name))
        self.search = (formdata.get(f"{self.name}~text") or "").strip()

    @property
    def given(self) -> Typed:
        """What the engine is told of this input. Empty texts only say that the input was there."""
        if self.definition.type.many or self.definition.multiple:
            return Typed(tuple(text for text in self.texts if text) or ("",))
        if self.kind == "address" and len(self.texts) == len(PARTS):
            return Typed(self.texts)
        if self.kind in {"rating", "choice"}:
            return Typed((self.texts[-1],))
        return Typed(self.texts)

    @property
    def kind(self) -> str:
        """Which input the field's type asks for."""
        return self.definition.widget or self.definition.type.widget

    # --- what a template asks for

    def show(
        self,
        state: FieldState,
        violations: Sequence[Violation],
        reader: Reader,
        titles: Titles,
        *,
        path: str,
        pick_url: str = "",
    ) -> None:
        """Take the worked-out state of the field."""
        field = state.field
        self.path = path
        self.title = field.title.in_language(reader.language)
        self.help = "" if self.in_row else field.description.in_language(reader.language)
        self.placeholder = field.placeholder.in_language(reader.language)
        self.visible = state.visible
        self.required = state.required
        self.computed = field.computed
        self.pick_url = pick_url
        self.errors = [_sentence(each, reader) for each in violations]
        self.warned = bool(violations) and all(each.level == "warning" for each in violations)
        self.wrong = bool(violations) and not self.warned
        self._state = state
        self._reader = reader
        self._titles = titles
        self.is_output = state.readonly or field.type.widget == "readonly"
        self.widget_name = "readonly" if self.is_output else self._widget_for(state)
        self.text = self._text()
        self.echoes = self.widget_name in _ECHOED and not self.in_row
        self.described_by = self._described_by()

    def _widget_for(self, state: FieldState) -> str:
        kind = self.kind
        if kind != "choice" or self.in_row or state.field.allow_other or not state.required:
            return kind
        titles = [option.title.in_language(self._reader.language) for option in state.options]
        short = sum(2 * len(t) if not t.isascii() else len(t) for t in titles) <= _SHORT_TITLES
        return "radios" if 1 < len(titles) <= FEW_OPTIONS and short else kind

    def _text(self) -> str:
        """Return what stands in the input: what was typed while it means the value, else the value."""
        field, value = self._state.field, self._state.value
        if self._state.typed is not None:
            return self._state.typed[0] if self._state.typed else ""
        if self.sent and self.texts and self._means(value):
            return self.texts[-1]
        if value is None or self.widget_name in {"file", "image", "address", "choices", "tags"}:
            return ""
        if field.target:
            return format_id(value) if isinstance(value, int) else ""
        return field.type.format_input(field, value, self._reader)

    def _means(self, value: Any) -> bool:
        field = self._state.field
        try:
            return bool(field.type.parse_many(field, self.given.texts, self._reader) == value)
        except ValueProblem:
            return False

    def _described_by(self) -> str:
        if self.is_output:
            return ""
        parts = [f"{self.id}-error"]
        if self.help:
            parts.insert(0, f"{self.id}-help")
        if self.echoes:
            parts.append(f"{self.id}-echo")
        return " ".join(parts)

    @property
    def filled(self) -> bool:
        """True when the value is not what was sent, because it was copied from a chosen record."""
        return self._state.typed is None and not self._means(self._state.value)

    @property
    def labelled(self) -> bool:
        """True when a label can belong to the input."""
        return self.widget_name not in _GROUPS and not self.is_output

    @property
    def is_tick(self) -> bool:
        """True for a check box, which has its label beside it."""
        return self.widget_name == "boolean" and not self.in_row

    @property
    def focus_id(self) -> str:
        """The id of the element that a link in the summary leads to."""
        if self.widget_name in {"radios", "choices", "rating"}:
            return f"{self.id}-1"
        if self.widget_name == "address":
            return f"{self.id}-{next((p.name for p in self.parts if not p.hidden), 'detail')}"
        return str(self.id)

    @property
    def shown(self) -> str:
        """The value as text."""
        if self._state.mask is not None:
            return self._state.mask
        return show(self._state.field, self._state.value, self._reader, self._titles)

    @property
    def unset(self) -> str:
        """What stands for no value in an input that nobody types in."""
        given_out = self._state.field.type.name == "sequence"
        return say("assigned on saving").in_language(self._reader.language) if given_out else "–"

    @property
    def echo(self) -> str:
        """What was understood, where that is not plain from what was typed; "" else."""
        value = self._state.value
        if value is None or self.wrong or self._state.typed is not None:
            return ""
        locale = self._reader.locale
        if self.widget_name == "date":
            return str(format_date(value, "full", locale))
        if self.widget_name == "datetime":
            return str(
                format_datetime(
                    value, _MOMENT.get(locale.language, "long"), self._reader.zone, locale
                )
            )
        said = self.shown
        understood = (
            _is_plain(self.text, said) if self.widget_name in _NUMBERS else self.text == said
        )
        return "" if understood else said

    @property
    def choices(self) -> list[OptionView]:
        """The options that may be chosen now."""
        chosen = self._state.typed or self._values()
        return options_of(self._state.options, self._reader, chosen)

    def _values(self) -> tuple[str, ...]:
        value = self._state.value
        return value if isinstance(value, tuple) else (str(value),) if value is not None else ()

    @property
    def items(self) -> Sequence[Any]:
        """The chosen tags, or the chosen records with their titles."""
        if self._state.field.target:
            target = self._state.field.target
            ids = references_in(self._state.field, self._state.value)
            return [
                Item(format_id(number), self._titles.of(target, number, self._reader))
                for number in ids
            ]
        return self._values()

    @property
    def picked(self) -> str:
        """The title of the chosen record, or what was typed to find one."""
        value = self._state.value
        if isinstance(value, int):
            return self._titles.of(self._state.field.target, value, self._reader)
        return self.search

    @property
    def several(self) -> bool:
        """True when more than one may be chosen."""
        return self._state.field.multiple

    @property
    def free(self) -> bool:
        """True when a choice may be something that is no option."""
        return self._state.field.allow_other

    @property
    def suggestions(self) -> Sequence[str]:
        """Words that are offered and need not be taken."""
        return self._state.field.suggestions

    @property
    def max_length(self) -> int | None:
        """How long a text may be; a little more may be typed, so that the end of it is not lost unseen."""
        return self._state.field.max_length and self._state.field.max_length + 100

    @property
    def rows(self) -> int:
        """How many lines a long text shows at first, out of the sizes that the style sheet knows."""
        wanted = self._state.field.rows
        return next((size for size in (2, 4, 6, 8) if wanted <= size), 12)

    @property
    def sign(self) -> str:
        """The sign of the currency, where it is the same for every record."""
        currency = self._state.field.currency
        return str(get_currency_symbol(currency, self._reader.locale)) if currency else ""

    @property
    def stars(self) -> list[int]:
        """How many stars can be given, the most first: style sheets can only look ahead."""
        maximum = self._state.field.maximum
        return list(range(int(maximum) if maximum is not None else 5, 0, -1))

    @property
    def cell_css(self) -> str:
        """The classes of the table cell that a row's input stands in."""
        if self.widget_name in _NUMBERS or (
            self.is_output and isinstance(self._state.value, int | float)
        ):
            return "c-num end"
        if self.is_output:
            return "end" if self._state.field.computed else ""
        return "wide c-ref" if self.widget_name in {"reference", "user"} else "c-text"

    # --- files

    @property
    def files(self) -> list[FileView]:
        """The uploaded files."""
        return [file_view(each) for each in self._state.value or ()]

    @property
    def accepts(self) -> str:
        """What the file picker of the browser offers."""
        return ",".join(self._state.field.accept) or (
            _PICTURES if self.widget_name == "image" else ""
        )

    @property
    def limit(self) -> int:
        """The most bytes of one file."""
        return self._state.field.max_size

    @property
    def limit_text(self) -> str:
        """``limit`` for people."""
        return show_size(self._state.field.max_size)

    # --- addresses

    @property
    def parts(self) -> list[PartView]:
        """The parts of an address in the order in which they are sent."""
        values = dict(self._state.value or {})
        if self._state.typed is not None and len(self._state.typed) == len(PARTS):
            values = dict(zip(PARTS, self._state.typed, strict=True))
        return address_parts(values, self._reader, chinese=self._state.field.regions == "cn")


def _sentence(violation: Violation, reader: Reader) -> str:
    return violation.message.in_language(reader.language)


def _is_plain(typed: str, said: str) -> bool:
    """Tell whether what was typed is as good as what it is shown as: a short number, or the same characters."""
    kept = "".join(sign for sign in typed if sign.isdigit() or sign in ".-")
    return (
        typed == said
        or (kept == typed and len(kept) <= _SHORT_NUMBER)
        or kept == "".join(filter(str.isdigit, said))
    )


def row_key(text: str) -> str:
    """Return ``text`` when it can be the key of a row, else "": it becomes a part of ids and names."""
    return text if 0 < len(text) <= 24 and text.isascii() and text.isalnum() else ""
