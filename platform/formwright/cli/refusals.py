"""A record that the engine refuses, told field by field."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from formwright.cli.language import _, language


@contextmanager
def told() -> Iterator[None]:
    """Turn a refused record into a message with every reason."""
    from formwright.engine.records import Refused  # noqa: PLC0415 -- keeps `--help` quick

    try:
        yield
    except Refused as refused:
        fields = refused.work.plan.entity.fields
        lines = [_("This cannot be stored:")]
        for violation in refused.work.violations:
            field = fields.get(violation.field)
            label = field.title.in_language(language()) if field else _("Record")
            lines.append(f"  {label}: {violation.message.in_language(language())}")
        raise click.ClickException("\n".join(lines)) from None
