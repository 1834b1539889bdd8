"""Local changes to grants of other packages: laid over them, kept through upgrades, each problem at its place."""

from __future__ import annotations

import pytest

from formwright.definitions.load import load_sources
from formwright.definitions.model import Action
from formwright.errors import DefinitionErrors
from formwright.fieldtypes.registry import builtin

CORE = """
package: {key: core, title: Core, version: 1.0.0}
entities:
  user: {title: User, display: "{{ name }}", fields: {name: {type: text, title: Name}, team: {type: reference, to: team, title: Team}}}
  team: {title: Team, fields: {name: {type: text, title: Name}, lead: {type: user, title: Lead}, parent_team: {type: reference, to: team, title: Above}}}
"""
SHOP = """
package: {key: shop, title: Shop, version: %s}
entities:
  client:
    title: Client
    ownership: {owner_field: owner}
    fields:
      name: {type: text, title: Name}
      phone: {type: phone, title: Phone, mask: last4}
      owner: {type: user, title: Owner, indexed: true}
roles: {rep: {title: Rep}}
grants:
  rep_own: {role: rep, entity: client, actions: [read, update], scope: own}
  rep_all: {role: rep, entity: client, actions: [print]}
"""
LOCAL = "package: {key: local, title: Local, version: 1.0.0, requires: {shop: '*'}}\n"


def load(local: str, shop: str = SHOP % "1.0.0", **more: str):
    files = {"core/core.yaml": CORE, "shop/shop.yaml": shop, "local/rights.yaml": local}
    return load_sources(files | more, builtin())


def grants(catalog):
    return {grant.name: grant for grant in catalog.grants if grant.role == "shop.rep"}


def problems(*loading: str) -> list[tuple[str, str]]:
    with pytest.raises(DefinitionErrors) as told:
        load(*loading)
    return [(str(each.location), each.code) for each in told.value.problems]


def test_an_attribute_that_is_given_takes_the_place_of_the_grants_own():
    overlay = """overlay:
  grants:
    shop.rep_own: {scope: team, fields: {hide: [phone]}, note: since May}
    shop.rep_all: {enabled: false}
"""
    catalog = load(LOCAL + overlay)
    own = grants(catalog)["shop.rep_own"]
    assert own.actions == {Action.READ, Action.UPDATE}
    assert (own.scope_word, own.scope.source) == ("team", "owner == me || owner in me.led_people")
    assert own.hidden == {"phone"}
    assert own.overlaid == {"scope", "fields", "note"}
    assert "shop.rep_all" not in grants(catalog)
    assert [grant.name for grant in catalog.disabled] == ["shop.rep_all"]


def test_without_a_change_a_grant_is_as_its_package_has_it():
    plain = grants(load(LOCAL))
    assert not any(grant.overlaid for grant in plain.values())
    assert plain["shop.rep_own"].scope_word == "own"


def test_own_grants_and_guards_stand_beside_the_changes():
    more = """grants:
  rep_free: {role: shop.rep, entity: shop.client, actions: [read], scope: pool}
guards:
  named: {entity: shop.client, scope: "name != null", actions: [update]}
"""
    catalog = load(LOCAL + more)
    assert "local.rep_free" in grants(catalog)
    assert [guard.name for guard in catalog.guards] == ["local.named"]


def test_the_next_version_of_a_package_keeps_the_local_change():
    overlay = "overlay: {grants: {shop.rep_own: {scope: pool}}}\n"
    newer = (SHOP % "1.1.0").replace("actions: [read, update], scope: own", "actions: [read, delete], scope: own")  # fmt: skip
    own = grants(load(LOCAL + overlay, newer))["shop.rep_own"]
    assert own.actions == {Action.READ, Action.DELETE}
    assert own.scope_word == "pool"


def test_a_change_to_a_grant_that_is_gone_is_a_problem_at_its_place():
    overlay = "overlay:\n  grants:\n    shop.rep_all: {actions: [export]}\n"
    assert load(LOCAL + overlay)
    gone = "\n".join(line for line in (SHOP % "2.0.0").splitlines() if "rep_all" not in line)
    assert problems(LOCAL + overlay, gone) == [("local/rights.yaml:4:5", "FW201")]


@pytest.mark.parametrize(
    ("entry", "place", "code"),
    [
        ("shop.rep_owm: {scope: own}", "4:5", "FW201"),
        ("shop.rep_own: {scope: 'nam == me'}", "4:28", "FW301"),
        ("shop.rep_own: {fields: {hide: [phne]}}", "4:36", "FW201"),
        ("shop.rep_own: {actions: []}", "4:29", "FW106"),
        ("shop.rep_own: {until: '2026-02-30'}", "4:27", "FW106"),
        ("shop.rep_own: {enabled: perhaps}", "4:29", "FW103"),
        ("shop.rep_own: {role: rep}", "4:20", "FW101"),
    ],
)
def test_a_problem_of_a_change_is_at_the_place_of_the_change(entry, place, code):
    found = problems(f"{LOCAL}overlay:\n  grants:\n    {entry}\n")
    assert found == [(f"local/rights.yaml:{place}", code)]


def test_changes_belong_into_the_local_package():
    text = (SHOP % "1.0.0") + "overlay: {grants: {shop.rep_all: {enabled: false}}}\n"
    assert problems(LOCAL, text)[0][1] == "FW206"


def test_switching_a_grant_off_can_break_a_circle():
    circle = SHOP % "1.0.0" + "  rep_via: {role: rep, entity: client, actions: [read], via: twin}\n"
    circle = circle.replace("      phone:", "      twin: {type: reference, to: client, title: Twin}\n      phone:")  # fmt: skip
    assert "FW207" in {code for _, code in problems(LOCAL, circle)}
    assert load(LOCAL + "overlay: {grants: {shop.rep_via: {enabled: false}}}\n", circle)
