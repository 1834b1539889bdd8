"""Some hundred ways to spoil a good package: each is a located problem; none crashes, hangs or loads.

The spoiling is done by code over the texts of ``tests/homes/inspection``, so that it grows with the language.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from formwright.definitions.judge import chain
from formwright.definitions.language import CONSTRUCTS, construct
from formwright.definitions.load import load_sources
from formwright.definitions.places import Source
from formwright.definitions.shapes import Enum, ListOf, MapOf, Obj, Ref, Scalar, Shape
from formwright.definitions.source import parse
from formwright.errors import DefinitionErrors
from formwright.fieldtypes.registry import builtin

HOME = Path(__file__).resolve().parents[1] / "homes" / "inspection" / "apps_definitions"
FILES = {
    str(path.relative_to(HOME)): path.read_text(encoding="utf-8")
    for path in sorted(HOME.rglob("*"))
    if path.is_file()
}
REGISTRY = builtin()
#: A spoiled package may cost this much processor time; a good one takes some hundredths.
MOST_SECONDS = 3.0  # of the processor; a loaded machine takes twice as long for the same work


@dataclass(frozen=True)
class Case:
    """One way to spoil: what a file becomes, and what is known about the problem that must come of it."""

    name: str
    file: str
    text: str
    code: str = ""
    line: int = 0
    column: int = 0
    suggestion: str = ""

    def files(self) -> dict[str, str]:
        return {**FILES, self.file: self.text}


def load(files: dict[str, str]) -> None:
    load_sources(files, REGISTRY)


def at(text: str, offset: int) -> tuple[int, int]:
    place = Source.of("", text).location(offset)
    return place.line, place.column


# --- by hand: a piece of a file becomes another, and the place of the mark is known -------------------------

ENTITIES = "inspection/entities/equipment.yaml"
ROWS = "inspection/entities/inspection.yaml"
SCREENS = "inspection/screens.yaml"
PACKAGE = "inspection/package.yaml"
CHINESE = "inspection/translations/zh-CN.yaml"
LONG = "x" * 64

REPLACED = [
    # file, piece, replacement, mark, code
    (ENTITIES, "type: date", "type: dat", "dat,", "FW102"),
    (ENTITIES, "type: date", "type: Date", "Date", "FW102"),
    (ENTITIES, "type: date", "type: dаte", "dаte", "FW102"),  # a Cyrillic letter
    (ENTITIES, "type: date", "type: rollup", "rollup", "FW108"),
    (ENTITIES, "type: date", "type: [date]", "[date]", "FW102"),
    (ENTITIES, "type: date", "type: ''", "'',", "FW102"),
    (ENTITIES, "required: true, unique", "required: yes, unique", "yes", "FW103"),
    (ENTITIES, "required: true, unique", "requird: true, unique", "requird", "FW101"),
    (ENTITIES, "maxLength: 20", "maxLength: many", "many", "FW103"),
    (ENTITIES, "maxLength: 20", "maxLength: 2.5", "2.5", "FW103"),
    (ENTITIES, "maxLength: 20", "maxlength: 20", "maxlength", "FW101"),
    (ENTITIES, "maxLength: 20", "max_length: 20", "max_length", "FW101"),
    (ENTITIES, '"^[A-Z]-[0-9]+$"', '"^[A-Z"', '"^[A-Z"', "FW111"),
    (ENTITIES, '"^[A-Z]-[0-9]+$"', '"(?=A)"', '"(?=A)"', "FW111"),
    (ENTITIES, "examples: [L-3]", "examples: [3]", "3]", "FW110"),
    (ENTITIES, "examples: [L-3]", "examples: [nothing]", "nothing]", "FW110"),
    (ENTITIES, "default: lathe", "default: lath", "lath\n", "FW110"),
    (ENTITIES, "options: [lathe,", "options: [lathe, lathe,", "lathe, {", "FW205"),
    (ENTITIES, "options: [lathe,", "options: [lathe, true,", "true,", "FW103"),
    (ENTITIES, "{value: press, title: Press}", "{title: Press}", "{title: Press}", "FW104"),
    (ENTITIES, "on_hide: clear", "on_hide: clean", "clean", "FW102"),
    (ENTITIES, "currency: CNY", "currency: RMB", "RMB", "FW102"),
    (ENTITIES, "currency: CNY", "currency: yuan", "yuan", "FW106"),
    (ENTITIES, "max_size: 2MB", "max_size: big", "big", "FW106"),
    (ENTITIES, "to: equipment", "to: equipmnt", "equipmnt", "FW201"),
    (ENTITIES, "to: equipment", "to: crm.equipment", "crm.equipment", "FW201"),
    (ENTITIES, "to: equipment", "to: [equipment]", "[equipment]", "FW103"),
    (ENTITIES, "on_delete: set_null", "on_delete: drop", "drop", "FW102"),
    (ENTITIES, "inverse: spares", "inverse: name", "name}", "FW205"),
    (ENTITIES, "inverse: spares", "inverse: created_at", "created_at}", "FW205"),
    (ENTITIES, "inverse: spares", "inverse: Spares", "Spares", "FW106"),
    (ENTITIES, "from: inspection.machine", "from: inspection.machin", "inspection.machin}", "FW201"),
    (ENTITIES, "from: inspection.machine", "from: inspection.place", "inspection.place", "FW206"),
    (ENTITIES, "from: inspection.machine", "from: inspections.machine", "inspections.machine", "FW201"),
    (ENTITIES, "from: inspection.machine", "from: machine", "machine}", "FW206"),
    (ENTITIES, "from: inspection.machine", "from: a.b.c.d.e.f.g", "a.b.c", "FW106"),
    (ENTITIES, "owner_field: keeper", "owner_field: keepr", "keepr", "FW201"),
    (ENTITIES, "owner_field: keeper", "owner_field: name", "name}", "FW206"),
    (ENTITIES, "key_fields: [code]", "key_fields: [cod]", "cod]", "FW201"),
    (ENTITIES, "key_fields: [code]", "key_fields: code", "code\n", "FW103"),
    (ENTITIES, "kind == 'other'\"\n        required", "kind = = 'other'\"\n        required", "= 'other'", "FW301"),
    (ENTITIES, "kind == 'other'\"\n        required", "knd == 'other'\"\n        required", "knd", "FW301"),
    (ENTITIES, "kind == 'other'\"\n        required", "kind + 'other'\"\n        required", "kind + ", "FW301"),
    (ENTITIES, "kind == this.kind", "kind == this.knd", "knd &&", "FW301"),
    (ENTITIES, "bought_on <= today", "bought_on <= 3", "bought_on <= 3", "FW301"),
    (ENTITIES, "bought_on <= today", "bought_on <= todya", "todya", "FW301"),
    (ENTITIES, "bought_on <= today", "bought_on <=", "", "FW301"),
    (ENTITIES, "bought_on <= today", "((((bought_on <= today", "", "FW301"),
    (ENTITIES, "bought_on <= today", "__import__('os')", "__import__", "FW301"),
    (ENTITIES, "bought_on <= today", "bought_on.__class__ == 1", "", "FW301"),
    (ENTITIES, "bought_on <= today", "1; drop table record", "", "FW301"),
    (ENTITIES, "bought_on <= today", "EVAL(bought_on)", "EVAL", "FW301"),
    (ENTITIES, "bought_on <= today", "(" * 500, "", "FW301"),
    (ENTITIES, "bought_on <= today", "!" * 1500 + "true", "", "FW301"),
    (ENTITIES, "bought_on <= today", " || ".join(["true"] * 300), "", "FW301"),
    (ENTITIES, "bought_on <= today", "x" * 3000, "", "FW301"),
    (ENTITIES, "at: bought_on", "at: bougth_on", "bougth_on", "FW201"),
    (ENTITIES, "message: The day", "mesage: The day", "mesage", "FW101"),
    (ENTITIES, "{fields: [name, kind]", "{fields: [name, knd]", "knd]", "FW201"),
    (ENTITIES, "{fields: [name, kind]", "{fields: [name, inspections]", "inspections], m", "FW206"),
    (ENTITIES, "{fields: [name, kind]", "{fields: []", "[],", "FW106"),
    (ENTITIES, '"{{ code }} {{ name }}"', '"{{ code }} {{ nam }}"', "nam }}", "FW301"),
    (ENTITIES, '"{{ code }} {{ name }}"', '"{{ code"', "", "FW301"),
    (ENTITIES, '"{{ code }} {{ name }}"', '"{% for x in y %}"', "", "FW301"),
    (ENTITIES, '"{{ code }} {{ name }}"', '"{{ code | upcase }}"', "", "FW301"),
    (ENTITIES, '"{{ code }} {{ name }}"', '"{{ \'\'.__class__ }}"', "", "FW301"),
    (ENTITIES, "COUNT(inspections)", "COUNT(inspektions)", "inspektions", "FW301"),
    (ENTITIES, "COUNT(inspections)", "inspected + 1", "", "FW302"),
    (ENTITIES, "kind_other:\n", "kind:\n", "kind:\n        type: text", "FW002"),
    (ENTITIES, "kind_other:\n", "kind-other:\n", "kind-other", "FW107"),
    (ENTITIES, "kind_other:\n", "Kind_other:\n", "Kind_other", "FW107"),
    (ENTITIES, "kind_other:\n", "1kind:\n", "1kind", "FW107"),
    (ENTITIES, "kind_other:\n", "_kind:\n", "_kind", "FW107"),
    (ENTITIES, "kind_other:\n", "kind other:\n", "kind other:", "FW107"),
    (ENTITIES, "kind_other:\n", "kіnd:\n", "kіnd", "FW107"),  # a Ukrainian letter
    (ENTITIES, "kind_other:\n", "类型:\n", "类型", "FW107"),
    (ENTITIES, "kind_other:\n", "ｋind:\n", "ｋind", "FW107"),  # a wide letter
    (ENTITIES, "kind_other:\n", '"a\'; drop table record; --":\n', '"a\'', "FW107"),
    (ENTITIES, "kind_other:\n", '"":\n', '"":', "FW107"),
    (ENTITIES, "kind_other:\n", f"{LONG}:\n", LONG, "FW107"),
    (ENTITIES, "kind_other:\n", "__proto__:\n", "__proto__", "FW107"),
    (ENTITIES, "kind_other:\n", "id:\n", "id:\n", "FW205"),
    (ENTITIES, "kind_other:\n", "created_at:\n", "created_at", "FW205"),
    (ENTITIES, "kind_other:\n", "deleted_at:\n", "deleted_at", "FW205"),
    (ENTITIES, "kind_other:\n", "version:\n", "version", "FW205"),
    (ENTITIES, "  equipment:\n", "  Equipment:\n", "Equipment:", "FW107"),
    (ENTITIES, "  equipment:\n", f"  {LONG}:\n", LONG, "FW107"),
    (ENTITIES, "  equipment:\n", "  equip.ment:\n", "equip.ment", "FW107"),
    (ENTITIES, "entities:\n", "entitees:\n", "entitees", "FW101"),
    (ENTITIES, "entities:\n", "workflows:\n", "workflows", "FW108"),
    (ENTITIES, "entities:\n", "- entities:\n", "- entities", "FW006"),
    (ENTITIES, "    icon: tool\n", "    icon: tool\n\tcolor: red\n", "\tcolor", "FW001"),
    (ENTITIES, "    icon: tool\n", "    icon: tool\n   color: red\n", "color", "FW001"),
    (ENTITIES, "    icon: tool\n", "    icon: 'tool\n", "", "FW001"),
    (ENTITIES, "    icon: tool\n", "    icon: to\x00ol\n", "\x00", "FW005"),
    (ENTITIES, "    icon: tool\n", "    icon: to\u202eol\n", "\u202e", "FW005"),
    (ENTITIES, "    icon: tool\n", "    icon: !!python/name:os.system tool\n", "!!python", "FW003"),
    (ENTITIES, "    icon: tool\n", "    icon: &tool tool\n", "&tool", "FW003"),
    (ENTITIES, "    icon: tool\n", "    icon: *tool\n", "*tool", "FW003"),
    (ENTITIES, "    icon: tool\n", "    <<: {icon: tool}\n", "<<", "FW003"),
    (ENTITIES, "    icon: tool\n", "    icon: {a: 1}\n", "{a: 1}", "FW103"),
    (ENTITIES, "    icon: tool\n", "    icon: 7\n", "7\n", "FW103"),
    (ENTITIES, "    icon: tool\n", "    icon:\n", "icon:", ""),
    (ENTITIES, "    icon: tool\n", f"    icon: {'x' * 600}\n", "xxx", "FW106"),
    (ENTITIES, "    icon: tool\n", "    color: rainbow\n", "rainbow", "FW106"),
    (ENTITIES, "    icon: tool\n", "    color: '#12345'\n", "'#12345'", "FW106"),
    (ENTITIES, "    icon: tool\n", "    kind: singleton\n", "singleton", "FW108"),
    (ENTITIES, "    icon: tool\n", "    kind: chidl\n", "chidl", "FW102"),
    (ENTITIES, "    icon: tool\n", "    kind: child\n", "", "FW206"),
    (ENTITIES, "    icon: tool\n", "    title: Again\n", "title: Machine", ""),
    (ENTITIES, "    icon: tool\n", "    default_view: due\n", "due", "FW206"),
    (ENTITIES, "    icon: tool\n", "    default_form: nothing\n", "nothing", "FW201"),
    (ENTITIES, "    icon: tool\n", "    was: equipment\n", "equipment\n    display", "FW103"),
    (ROWS, "sequence: inspection_no", "sequence: inspection_number", "inspection_number", "FW201"),
    (ROWS, "{value: machine.name}", "{value: machine.nam}", "nam}", "FW301"),
    (ROWS, "{value: machine.name}", "{valeu: machine.name}", "valeu", "FW101"),
    (ROWS, "{value: machine.name}", "{value: machine.name, when: never}", "never", "FW102"),
    (ROWS, "{value: machine.name}", "machine.name", "machine.name}", "FW103"),
    (ROWS, "{value: machine.name}", "{value: place}", "place}", "FW109"),
    (ROWS, "settings.warn_days, 'day'", "settings.warn_day, 'day'", "warn_day,", "FW301"),
    (ROWS, "settings.warn_days, 'day'", "settings.warn_days, 'dya'", "'dya'", "FW301"),
    (ROWS, "of: finding,", "of: findings,", "findings, minItems", "FW201"),
    (ROWS, "of: finding,", "of: equipment,", "equipment,", "FW206"),
    (ROWS, "minItems: 1,", "minItems: 90,", "90", "FW109"),
    (ROWS, "totals: {cost: sum}", "totals: {costs: sum}", "costs: sum", "FW201"),
    (ROWS, "totals: {cost: sum}", "totals: {part: sum}", "part: sum", "FW109"),
    (ROWS, "totals: {cost: sum}", "totals: {cost: total}", "total}", "FW102"),
    (ROWS, "SUM(findings.cost)", "SUM(findings.costs)", "costs)", "FW301"),
    (ROWS, "SUM(findings.cost)", "SUM(findings.part)", "", "FW301"),
    (ROWS, "SUM(findings.cost)", "SUM(score, 1)", "", "FW301"),
    (ROWS, "SUM(findings.cost)", "SUM(findings.cost) + overdue", "", "FW301"),
    (ROWS, "compute: \"SUM(findings.cost)\"", "compute: cost + 1", "cost + 1", "FW302"),
    (ROWS, "SUM(findings.cost)", "SUM(findings.cost", "", "FW301"),
    (ROWS, "item.result == 'broken'", "itm.result == 'broken'", "itm", "FW301"),
    (ROWS, "item.result == 'broken'", "item.result == 3", "item.result == 3", "FW301"),
    (ROWS, "100 - found_broken * 20", "100 - score", "", "FW302"),
    (ROWS, "next_on < today\", stored: false", "next_on < today\"", "\"next_on != null", "FW303"),
    (ROWS, "rows: 6", "rows: 0", "0,", "FW106"),
    (ROWS, "rows: 6", "rows: six", "six", "FW103"),
    (ROWS, "{assert: ", "{asert: ", "asert", "FW101"),
    (ROWS, "LEN(remarks) <= 2000", "LEN(remarks)", "LEN(remarks)\"", "FW301"),
    (ROWS, ", message: Keep it short.", "", "short:", "FW104"),
    (ROWS, "    kind: child\n", "", "finding, minItems", "FW206"),
    (ROWS, "option_set: result", "option_set: results", "results", "FW201"),
    (ROWS, "option_set: result", "option_set: result, options: [a]", "", "FW109"),
    (ROWS, "default: good", "default: bad", "bad", "FW110"),
    (ROWS, "scale: 1,", "scale: 99,", "99", "FW106"),
    (ROWS, "returns: money, compute: \"ROUND", "returns: mony, compute: \"ROUND", "mony", "FW102"),
    (ROWS, "returns: money, compute: \"ROUND", "returns: date, compute: \"ROUND", "ROUND", "FW301"),
    (ROWS, "returns: money, compute: \"ROUND", "returns: subform, compute: \"ROUND", "subform, compute", "FW102"),
    (ROWS, "COALESCE(hours, 0)", "COALESCE(hours, 'x')", "", "FW301"),
    (ROWS, "COALESCE(hours, 0)", "parent.score * score", "score,", ""),
    (ROWS, "core.user:", "core.usr:", "core.usr", "FW201"),
    (ROWS, "core.user:", "user.core.x:", "user.core.x", "FW107"),
    (ROWS, "core.user:", "equipment:", "equipment:", "FW206"),
    (ROWS, "badge:", "email:", "email:", "FW205"),
    (ROWS, "trash: P90D", "trash: P90H", "P90H", "FW106"),
    (ROWS, "trash: P90D", "trash: 90", "90}", "FW103"),
    (ROWS, "quick_create: true", "quick_create: 1", "1}", "FW103"),
    (PACKAGE, "schema_version: 1", "schema_version: one", "one", "FW103"),
    (PACKAGE, "key: inspection", "key: Inspection", "Inspection\n", "FW106"),
    (PACKAGE, "key: inspection", "key: core", "core\n", "FW205"),
    (PACKAGE, "key: inspection", "kye: inspection", "", ""),
    (PACKAGE, "  title: Equipment inspection\n", "", "package:", "FW104"),
    (PACKAGE, "version: 1.2.0", "version: 1.2", "1.2\n", "FW103"),
    (PACKAGE, "version: 1.2.0", "version: one", "one", "FW106"),
    (PACKAGE, "version: 1.2.0", "version: 1.2.0.4", "1.2.0.4", "FW106"),
    (PACKAGE, 'platform: ">=0.1"', 'platform: ">=99"', '">=99"', "FW203"),
    (PACKAGE, 'platform: ">=0.1"', "platform: newest", "newest", "FW106"),
    (PACKAGE, 'core: "^1.0"', 'core: "^9.0"', '"^9.0"', "FW203"),
    (PACKAGE, 'core: "^1.0"', 'crm: "^1.0"', "crm", "FW203"),
    (PACKAGE, 'core: "^1.0"', 'inspection: "*"', "{inspection", "FW204"),
    (PACKAGE, "home: workshop", "home: workshp", "workshp", "FW201"),
    (PACKAGE, "default_locale: en", "default_locale: english", "english", "FW106"),
    (PACKAGE, "authors: [The", "authors: The", "", ""),
    (PACKAGE, "type: integer, title: Days", "type: intger, title: Days", "intger", "FW102"),
    (PACKAGE, "default: 14", "default: soon", "soon", "FW110"),
    (PACKAGE, "color: amber", "color: ambre", "ambre", "FW106"),
    (PACKAGE, "value: worn", "value: good", "{value: good, title: Worn", "FW205"),
    (PACKAGE, "    options:\n", "    optons:\n", "optons", "FW101"),
    (PACKAGE, "I-{YYYY}-{####}", "I-{YYYY}", '"I-{YYYY}"', "FW106"),
    (PACKAGE, "I-{YYYY}-{####}", "I-{####}", '"I-{####}"', "FW109"),
    (PACKAGE, "I-{YYYY}-{####}", "I-{YYYY}-{plce}-{####}", '"I-{YYYY}-{plce}', "FW201"),
    (PACKAGE, "reset: yearly", "reset: always", "always", "FW102"),
    (SCREENS, "    entity: equipment\n    layout", "    entity: equipmnt\n    layout", "equipmnt", "FW201"),
    (SCREENS, "    entity: equipment\n    layout", "    layout", "equipment_form", "FW104"),
    (SCREENS, "columns: 2\n", "columns: 7\n", "7\n", "FW106"),
    (SCREENS, "fields: [code, name, kind, kind_other", "fields: [code, name, kind, kind_othr", "kind_othr", "FW201"),
    (SCREENS, "fields: [code, name, kind, kind_other", "fields: [code, name, code, kind_other", "code, kind_other", "FW205"),
    (SCREENS, "type: section\n", "type: secton\n", "secton", "FW102"),
    (SCREENS, "type: section\n", "type: document\n", "document", "FW108"),
    (SCREENS, "{photo: {description", "{foto: {description", "foto", "FW201"),
    (SCREENS, "{type: related, title: Spare", "{type: related, path: inspected, title: Spare", "inspected, title", "FW206"),
    (SCREENS, "[create, edit, view]", "[create, edit, wizard]", "wizard", "FW108"),
    (SCREENS, "[create, edit, view]", "[creat]", "creat]", "FW102"),
    (SCREENS, "columns_shown: [part,", "columns_shown: [prt,", "prt,", "FW201"),
    (SCREENS, "remarks: {}", "remarks: []", "[]", "FW103"),
    (SCREENS, "remarks: {}", "remarks: {widht: 2}", "widht", "FW101"),
    (SCREENS, "remarks: {}", "remarks: {readonly_when: scor > 3}", "scor >", "FW301"),
    (SCREENS, "    title: All machines\n", "", "machines:\n    entity", "FW104"),
    (SCREENS, "sort: [code]", "sort: [cod]", "cod]", "FW201"),
    (SCREENS, "sort: [code]", "sort: [inspections]", "inspections]", "FW206"),
    (SCREENS, "sort: [code]", "sort: [--code]", "--code", "FW106"),
    (SCREENS, "sort: [code]", "sort: code", "code\n    columns", "FW103"),
    (SCREENS, "{field: price, aggregate: sum}", "{field: pric, aggregate: sum}", "pric,", "FW201"),
    (SCREENS, "{field: price, aggregate: sum}", "{field: name, aggregate: sum}", "sum}", "FW109"),
    (SCREENS, "{field: price, aggregate: sum}", "{field: price, aggregate: total}", "total}", "FW102"),
    (SCREENS, "{field: price, aggregate: sum}", "{aggregate: sum}", "{aggregate", "FW104"),
    (SCREENS, "{field: price, aggregate: sum}", "code", "code, keeper", "FW205"),
    (SCREENS, "keeper.name]", "keeper.nam]", "keeper.nam]", "FW201"),
    (SCREENS, "keeper.name]", "name.keeper]", "name.keeper]", "FW206"),
    (SCREENS, "quick_filters: [kind,", "quick_filters: [knd,", "knd,", "FW201"),
    (SCREENS, "filter: \"keeper == me\"", "filter: \"keepr == me\"", "keepr ==", "FW301"),
    (SCREENS, "filter: \"keeper == me\"", "filter: \"keeper\"", "keeper\"}", "FW301"),
    (SCREENS, "filter: \"keeper == me\"", "filter: {keepr: {eq: me}}", "{keepr", "FW301"),
    (SCREENS, "filter: \"keeper == me\"", "filter: {keeper: {equals: me}}", "{keeper", "FW301"),
    (SCREENS, "filter: \"keeper == me\"", "filter: [keeper]", "[keeper]", "FW103"),
    (SCREENS, "filter: \"keeper == me\"", "filter: \"MATCHES(name, 'a')\"", "MATCHES", "FW304"),
    (SCREENS, "icon: star, text: valuable", "color: red", "red", "FW109"),
    (SCREENS, "{when: \"price > 100000\"", "{wen: \"price > 100000\"", "wen:", "FW101"),
    (SCREENS, "price > 100000", "price > '100000'", "price > '1", "FW301"),
    (SCREENS, "default: true", "default: 'true'", "'true'", "FW103"),
    (SCREENS, "roles: [inspector, foreman]", "roles: [inspectr]", "inspectr]", "FW201"),
    (SCREENS, "- {view: machines}", "- {view: machins}", "machins", "FW201"),
    (SCREENS, "- {view: machines}", "- machines", "machines\n      - {entity", "FW103"),
    (SCREENS, "- {view: machines}", "- {}", "{}\n      - {entity", "FW104"),
    (SCREENS, "- {view: machines}", "- {view: machines, entity: equipment}", "{view: machines, entity", "FW104"),
    (SCREENS, "- {view: machines}", "- {dashboard: d}", "dashboard", "FW108"),
    (SCREENS, "inherits: [inspector]", "inherits: [foreman]", "[foreman]", "FW207"),
    (SCREENS, "inherits: [inspector]", "inherits: [inspectr]", "inspectr]", "FW201"),
    (SCREENS, "{title: Inspector}", "{}", "inspector: {}", "FW104"),
    (SCREENS, "{title: Inspector}", "Inspector", "Inspector\n", "FW103"),
    (SCREENS, "role: inspector, entity: equipment, actions: [read]", "role: boss, entity: equipment, actions: [read]", "boss", "FW201"),
    (SCREENS, "role: inspector, entity: equipment, actions: [read]", "role: inspector, entity: machine, actions: [read]", "machine, actions", "FW201"),
    (SCREENS, "role: inspector, entity: equipment, actions: [read]", "role: inspector, entity: equipment, actions: [write]", "write]", "FW102"),
    (SCREENS, "role: inspector, entity: equipment, actions: [read]", "role: inspector, entity: equipment, actions: read", "read}", "FW103"),
    (SCREENS, "role: inspector, entity: equipment, actions: [read]", "role: inspector, entity: equipment, actions: []", "[]}", "FW106"),
    (SCREENS, "role: inspector, entity: equipment, actions: [read]", "role: inspector, entity: equipment", "inspector_machines", "FW104"),
    (SCREENS, "scope: \"keeper == me\"", "scope: \"keepr == me\"", "keepr", "FW301"),
    (SCREENS, "scope: \"keeper == me\"", "scop: \"keeper == me\"", "scop:", "FW101"),
    (SCREENS, "scope: \"keeper == me\"", "scope: \"name\"", "name\"", "FW301"),
    (SCREENS, "scope: \"keeper == me\"", "scope: \"keeper == 'me'\"", "keeper == 'me'", "FW301"),
    (SCREENS, "scope: \"keeper == me\"", "scope: \"MATCHES(name, '.*')\"", "MATCHES", "FW304"),
    (CHINESE, "settings.warn_days.title", "settings.warn_day.title", "settings.warn_day.", "FW208"),
    (CHINESE, "apps.workshop.menu.group_3", "apps.workshop.menu.group_4", "apps.workshop.menu.group_4", "FW208"),
    (CHINESE, "zh-CN:", "chinese:", "chinese", "FW107"),
    (CHINESE, "车间", "[车间]", "[车间]", "FW103"),
]  # fmt: skip


def replaced() -> Iterator[Case]:
    for file, piece, replacement, mark, code in REPLACED:
        before = FILES[file]
        assert piece in before, f"{piece!r} is no longer in {file}"
        text = before.replace(piece, replacement, 1)
        start = before.index(piece)
        found = text.find(mark, max(0, start - 30)) if mark else -1
        line, column = at(text, found) if found >= 0 and code else (0, 0)
        name = f"{Path(file).stem}: {piece.strip()[:30]} -> {replacement.strip()[:30]}"
        yield Case(re.sub(r"[^ -~]", "?", name), file, text, code, line, column)


# --- whole files that are nothing good -----------------------------------------------------------------------

BOMB = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 30))
WHOLE = {
    "alias bomb": BOMB,
    "deep list": "entities: " + "[" * 5000,
    "deep map": "entities: " + "{a: " * 5000,
    "deep block": "\n".join(" " * n + "a:" for n in range(60)),
    "many values": "data: [" + "1," * 60_000 + "1]",
    "many keys": "entities: {" + ", ".join(f"e{n}: 1" for n in range(26_000)) + "}",
    "many unknown keys": "".join(f"entitiez{n}: 1\n" for n in range(5000)),
    "many wrong fields": "entities:\n  e:\n    fields:\n" + "".join(f"      f{n}: {{type: txt}}\n" for n in range(3000)),
    "many wrong names": "entities:\n  e:\n    fields:\n" + "".join(f"      f{n}: {{type: reference, to: ghost_{n}}}\n" for n in range(2000)),
    "large": "# " + "x" * (1 << 20),
    "long line": "entities: {" + "x" * 200_000,
    "binary": "\x00\x01\x02\x03",
    "one word": "hello",
    "a list": "- a\n- b\n",
    "two documents": "entities: {}\n---\nviews: {}\n",
    "only a tag": "!!map {}\n",
    "python object": "entities: !!python/object/apply:os.system ['true']\n",
    "old version": "%YAML 1.1\n---\nentities: {}\n",
    "binary scalar": "entities: !!binary R0lGODlhDAAMAIQAAP==\n",
    "a number as key": "1: x\n",
    "a map as key": "{a: b}: c\n",
    "a null": "entities: null\nviews: ~\n",
    "infinite": "settings: {x: {type: decimal, default: .inf}}\n",
    "huge number": "settings: {x: {type: decimal, default: " + "9" * 5000 + "}}\n",
    "tab": "entities:\n\tx: {}\n",
    "unclosed": 'entities: {x: "\n',
    "stray bracket": "entities: ]\n",
    "carriage returns": "entities:\r\r\r  x: [\r",
    "self reference": "entities: &e {x: *e}\n",
    "long chain of formulas": "entities:\n  e:\n    fields:\n" + "".join(f"      f{n}: {{type: formula, compute: f{n + 1} + 1}}\n" for n in range(500)),
    "child of itself": "entities:\n  e:\n    kind: child\n    fields: {a: {type: text}, r: {type: subform, of: e}}\n",
    "children in a circle": "entities:\n  e: {kind: child, fields: {r: {type: subform, of: f}}}\n  f: {kind: child, fields: {r: {type: subform, of: e}}}\n",
    "roles in a circle": "roles:\n  a: {title: A, inherits: [b]}\n  b: {title: B, inherits: [a]}\n",
    "circle over rows": (
        "entities:\n  e: {fields: {rows: {type: subform, of: f}, sum: {type: formula, returns: decimal, compute: SUM(rows.part)}}}\n"
        "  f: {kind: child, fields: {part: {type: formula, returns: decimal, compute: parent.sum / 2}}}\n"
    ),
    "evil pattern without end": "entities: {e: {fields: {a: {type: text, pattern: '(a{1000}){1000}'}}}}\n",
    "remote schema": "$ref: http://127.0.0.1:9/x.json\n",
    "sql in a key": "entities: {\"e; drop table record\": {fields: {a: {type: text}}}}\n",
    "a user without the core's name": "extend: {core.users: {fields: {a: {type: text}}}}\n",
    "second manifest": "package: {key: other, title: Other, version: 1.0.0}\n",
}  # fmt: skip
WHOLE_JSON = {
    "trailing comma": '{"entities": {},}',
    "comment": '{"entities": {} /* no */}',
    "single quotes": "{'entities': {}}",
    "not a number": '{"settings": {"x": {"type": "decimal", "default": NaN}}}',
    "twice": '{"roles": {"a": {"title": "A"}, "a": {"title": "B"}}}',
    "deep": '{"entities": ' + "[" * 3000,
    "unfinished": '{"entities": {"e": ',
    "control character": '{"entities": "\x01"}',
    "two values": "{} {}",
    "bare word": "entities",
}


def whole() -> Iterator[Case]:
    for name, text in WHOLE.items():
        yield Case(f"file: {name}", "inspection/spoiled.yaml", text)
    for name, text in WHOLE_JSON.items():
        yield Case(f"json: {name}", "inspection/spoiled.json", text)


# --- by the tables: every attribute that the good package uses is spoiled in the ways its shape allows -------


@cache
def good_data() -> dict[str, Any]:
    """Return the data of the whole package in one map, as one JSON file would hold it."""
    merged: dict[str, Any] = {}
    for file, text in FILES.items():
        if file.startswith("inspection/"):
            document = parse(file, text, [])
            assert document is not None
            for key, value in document.data.items():
                if isinstance(value, dict) and isinstance(merged.get(key), dict):
                    merged[key].update(value)
                else:
                    merged[key] = value
    return json.loads(json.dumps(merged, default=float))  # type: ignore[no-any-return]


def walk(
    value: Any, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    yield path, value
    parts = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for step, part in parts:
        yield from walk(part, (*path, step))


def changed(path: tuple[str | int, ...], change: Any) -> dict[str, Any]:
    data = json.loads(json.dumps(good_data()))
    holder = data
    for step in path[:-1]:
        holder = holder[step]
    change(holder, path[-1])
    return data  # type: ignore[no-any-return]


def as_case(name: str, data: dict[str, Any], mark: str, code: str, suggestion: str = "") -> Case:
    text = json.dumps(data, indent=1, ensure_ascii=False)
    line = text[: text.index(mark)].count("\n") + 1 if mark else 0
    return Case(name, "inspection/all.json", text, code, line, 0, suggestion)


def wrong_value(shape: Shape) -> tuple[Any, str] | None:
    """Return a value that a shape never has, with the code of the problem."""
    match shape:
        case Scalar("any" | "fieldtype") | Scalar("cond" | "expr"):
            return (
                (["zzz"], "FW103")
                if shape != Scalar("any") and shape != Scalar("fieldtype")
                else None
            )
        case Scalar("bool"):
            return "zzz", "FW103"
        case Scalar("int" | "num"):
            return "zzz", "FW103"
        case Scalar() | Ref():
            return ["zzz"], "FW103"
        case Enum():
            return "zzz", "FW102"
        case ListOf() | MapOf() | Obj():
            return "zzz", "FW103"
    return None


def by_the_tables() -> Iterator[Case]:
    """Yield each attribute misspelt, of the wrong kind, left out; each map with one key more; each name misspelt."""
    seen: set[str] = set()
    for path, value in walk(good_data()):
        steps = list(chain(path))
        if not path or len(steps) != len(path):
            continue
        shape, owner = steps[-1]
        where = ".".join(str(step) for step in path)
        kind = f"{owner.name}.{path[-1]}" if owner else ""
        if owner is not None and owner.name in CONSTRUCTS and kind not in seen:
            seen.add(kind)
            yield from attribute_cases(path, value, shape, where)
        if (
            isinstance(value, dict)
            and isinstance(shape, Obj)
            and shape.construct in CONSTRUCTS
            and f"+{shape.construct}" not in seen
        ):
            seen.add(f"+{shape.construct}")
            data = changed((*path, "zzz_more"), lambda holder, step: holder.__setitem__(step, 1))
            yield as_case(f"more: {where}", data, '"zzz_more"', "FW101")


def attribute_cases(
    path: tuple[str | int, ...], value: Any, shape: Shape, where: str
) -> Iterator[Case]:
    name = str(path[-1])
    wrong = wrong_value(shape)
    if wrong is not None and len(name) % 2:  # half of them: they differ little
        data = changed(path, lambda holder, step: holder.__setitem__(step, wrong[0]))
        yield as_case(f"kind: {where}", data, '"zzz"', wrong[1])
    else:
        typo = f"{name}{name[-1]}"
        data = changed(path, lambda holder, step: holder.__setitem__(typo, holder.pop(step)))
        yield as_case(f"typo: {where}", data, f'"{typo}"', "FW101", name)
    owner = [holder for _, holder in chain(path)][-1]
    attribute = owner.get(name) if owner else None
    if attribute is not None and attribute.required:
        yield as_case(
            f"gone: {where}", changed(path, lambda holder, step: holder.pop(step)), "", "FW104"
        )
    if isinstance(shape, Ref) and isinstance(value, str):
        data = changed(path, lambda holder, step: holder.__setitem__(step, f"{value}z"))
        yield as_case(f"name: {where}", data, f'"{value}z"', "FW201", value)


def misspelt_expressions() -> Iterator[Case]:
    """Yield every expression of the package with the first name in it misspelt, and its exact place."""
    for file, text in FILES.items():
        pattern = r'(?:compute|when|assert|filter|scope|_from|value): "?([a-z_]+)(?= (?:[<>=!+*-]|&&)| *"?[,}\n])'
        for match in re.finditer(pattern, text):
            word = match[1]
            if word in {"true", "today", "good", "worn", "broken", "press", "other"}:
                continue
            spoiled = f"{text[: match.end(1)]}{word[-1] * 2}{text[match.end(1) :]}"
            line, column = at(spoiled, match.start(1))
            yield Case(
                f"word: {Path(file).stem} {line} {word}", file, spoiled, "FW301", line, column
            )


CASES = [*replaced(), *whole(), *misspelt_expressions(), *by_the_tables()]


def files_of(case: Case) -> dict[str, str]:
    if case.file != "inspection/all.json":
        return case.files()
    return {"core/package.yaml": FILES["core/package.yaml"], case.file: case.text}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_spoiled_package_is_refused_with_a_located_problem(case: Case) -> None:
    files = files_of(case)
    started = time.process_time()
    with pytest.raises(DefinitionErrors) as caught:
        load(files)
    assert time.process_time() - started < MOST_SECONDS
    found = caught.value.problems
    lines = {file: len(re.split(r"\r\n|\r|\n", text)) for file, text in files.items()}
    for problem in found[:20]:
        assert re.fullmatch(r"FW[0-3][0-9]{2}", problem.code)
        assert 1 <= problem.location.line <= lines[problem.location.file] + 1
        assert problem.location.column >= 1
        assert problem.in_language("en").startswith(f"{problem.location}: {problem.code} ")
        assert problem.in_language("zh-CN")
    hits = [
        problem
        for problem in found
        if problem.location.file == case.file and case.code in problem.code
    ]
    places = [(problem.location.line, problem.location.column) for problem in hits]
    assert hits, caught.value
    assert not case.column or (case.line, case.column) in places, caught.value
    assert not case.line or min(abs(case.line - line) for line, _ in places) <= 1, caught.value
    assert not case.suggestion or case.suggestion in {problem.suggestion for problem in hits}


def test_there_are_enough_of_them() -> None:
    assert len({(case.file, case.text) for case in CASES}) >= 300


def test_the_good_package_loads() -> None:
    load(FILES)


def test_the_good_package_loads_as_one_json_file() -> None:
    text = json.dumps(good_data(), ensure_ascii=False)
    load({"core/package.yaml": FILES["core/package.yaml"], "inspection/all.json": text})


GOOD = [
    (ENTITIES, "type: date", 'type: "date"'),
    (ENTITIES, "maxLength: 20", "maxLength: 21"),
    (ENTITIES, "    icon: tool\n", "    icon: tool # a comment\n"),
    (ENTITIES, "    icon: tool\n", "    icon: tool\r\n"),
    (ENTITIES, "kind == this.kind && id != this.id", "kind == this.kind and not (id == this.id)"),
    (ENTITIES, "bought_on <= today", "bought_on < DATEADD(today, 1, 'day')"),
    (PACKAGE, "version: 1.2.0", "version: 1.2.0-beta.1"),
    (PACKAGE, 'core: "^1.0"', 'core: ">=1.0,<2"'),
    (SCREENS, 'filter: "keeper == me"', "filter: {keeper: {eq: me}}"),
    (SCREENS, 'scope: "keeper == me"', "scope: {any: [{keeper: {eq: me}}, {price: {lt: 100}}]}"),
    (SCREENS, "sort: [code]", "sort: [-created_at, keeper.name]"),
]


@pytest.mark.parametrize(("file", "piece", "replacement"), GOOD)
def test_a_variant_that_is_right_loads(file: str, piece: str, replacement: str) -> None:
    assert piece in FILES[file]
    load({**FILES, file: FILES[file].replace(piece, replacement, 1)})


def test_a_key_may_have_63_characters() -> None:
    load({file: text.replace("kind_other", "x" * 63) for file, text in FILES.items()})


def test_every_construct_is_there_to_be_spoiled() -> None:
    used = {
        shape.construct
        for path, _ in walk(good_data())
        for shape, _ in list(chain(path))[-1:]
        if isinstance(shape, Obj)
    }
    # Overlays lie beside packages: tests/unit/definitions/test_overlays.py spoils them.
    beside = {"overlay", "grant_overlay"}
    assert set(CONSTRUCTS) - used - {"option", "column", "quick_filter"} <= {"track", *beside}
    assert construct("entity")
