"""Which parts of an open form a change makes different: only those are sent back, never the input in use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from flask import current_app
from markupsafe import Markup

from formwright.web import respond
from formwright.web.controls import Control
from formwright.web.forms import Sent
from formwright.web.layout import Layout

#: Inputs whose own choices change with what is chosen in them.
_REDRAWN = frozenset({"address"})
#: Inputs that send several texts.
_WHOLE = frozenset({"address", "file", "image", "tags", "choices", "references"})


@dataclass(frozen=True, slots=True)
class Before:
    """What the browser has: for each input whether it takes part, and its texts."""

    sent: Mapping[tuple[str, str, str], tuple[bool, tuple[str, ...]]]


def remember(sent: Sent) -> Before:
    """Return what was sent, before anything is worked out."""
    return Before(
        {
            (subform, row, control.definition.key): (control.sent, control.texts)
            for subform, row, control in sent.all_controls()
        }
    )


def between(
    was: Before, sent: Sent, layout: Layout, changed: str, touched: frozenset[str]
) -> Iterator[Markup]:
    """Yield the changes of the page.

    ``changed`` is the path of the input that was left, ``touched`` those of all inputs whose errors are shown: only
    they are judged, so that nobody is told off for what he has not come to yet.
    """
    for subform, row, control in sent.all_controls():
        there, texts = was.sent.get((subform, row, control.definition.key), (False, ()))
        if control.is_output and subform and not there:
            yield respond.text_part(f"#{control.id}", control.shown or control.unset)
        elif control.is_output or _has_another_text(control, texts, there, changed):
            yield _redraw(control, subform, "outerMorph" if control.is_output else "outerHTML")
        elif control.visible != there or _depends(control, changed):
            yield _redraw(control, subform, "outerMorph")
        else:
            yield from _words(control, touched)
    for key in filter(layout.shows_rows, sent.plan.subforms):
        yield from _block(layout, key, touched)


def _has_another_text(control: Control, texts: tuple[str, ...], there: bool, changed: str) -> bool:
    """Tell whether the input has a value that the browser does not show: copied from a record, or found by name."""
    if not there or not control.visible:
        return False
    if control.definition.target and control.texts != texts:
        return True
    if control.path == changed:
        return control.widget_name in _REDRAWN
    if control.widget_name in _WHOLE:
        return control.filled
    return bool(control.text != (texts[-1] if texts else ""))


def _depends(control: Control, changed: str) -> bool:
    """Tell whether what is asked of the input, or offered in it, may follow from other inputs."""
    field = control.definition
    if control.path == changed:
        return False
    return field.required_when is not None or any(
        option.when is not None for option in field.options
    )


def _redraw(control: Control, subform: str, swap: str) -> Markup:
    """Return the input anew. ``outerHTML`` writes over what was typed, ``outerMorph`` keeps it."""
    drawn = _macro("forms/_rows.html", "cell") if subform else _macro("forms/_field.html", "field")
    return respond.markup_part(f"#w-{control.id}", drawn(control), swap)


def _words(control: Control, touched: frozenset[str]) -> Iterator[Markup]:
    if control.echoes:
        yield respond.text_part(f"#{control.id}-echo", control.echo)
    if control.path in touched:
        yield respond.markup_part(
            f"#{control.id}-error", _macro("forms/_field.html", "errors")(control), "outerMorph"
        )


def _block(layout: Layout, key: str, touched: frozenset[str]) -> Iterator[Markup]:
    view = layout.subform(key)
    if view.totals:
        yield respond.markup_part(
            f"#totals-{key}", _macro("forms/_rows.html", "totals")(view), "outerMorph"
        )
    if key in touched:
        yield respond.text_part(f"#{view.name}-error", " ".join(view.errors))


def _macro(template: str, name: str) -> Callable[..., Markup]:
    found: Callable[..., Markup] = getattr(
        current_app.jinja_env.get_template(template).module, name
    )
    return found
