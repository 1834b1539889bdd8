"""Who sees what through which channel: principals x entities x records x fields x channels, held against the oracle."""

from __future__ import annotations

from pathlib import Path

import pytest

from formwright.definitions.model import Action
from formwright.factory import create_app, runtime_of
from formwright.settings import Settings
from rights.channels import CHANNELS
from rights.matrix import Matrix, Verdict

#: Enough on PostgreSQL, whose statements are the same: one of each way of looking, for one of each way of being let in.
FEW = (("rep", "boss", "support", "anonymous"), ("list", "page", "gate", "related", "export"))
#: Channels with very many questions: of these too, enough for some people in a short run.
SLOW = {"sort", "filter", "search_all"}

_CRAWL = "crawled in test_canaries.py"
_OWN = "one's own account; no record of anybody else"
_WRITES = "test_refusals.py"
#: Action -> where it is held against the oracle, or why there is nothing to hold.
ACTIONS = {
    "read": ("list", "page", "history", "search", "filter", "sort", "related", "picker", "gate"),
    "export": ("export",),
    "create": _WRITES,
    "update": _WRITES,
    "delete": _WRITES,
    "restore": _WRITES,
    "assign": _WRITES,
    "transfer": _WRITES,
    "import": _WRITES,
    "configure": "the right to look after people: tests/integration/engine/test_people.py, test_web_people.py",
    "purge": "nothing empties the trash by hand yet",
    "share": "what a share opens is a principal of the matrix (guest); sharing: test_hands.py",
    "comment": "there are no comments yet",
    "print": "nothing prints yet",
    "bulk": "handing over many at once: test_hands.py; imports are held as import",
    "merge": "nothing merges yet",
    "reveal": _WRITES,
    "force_state": "states have no order yet that could be forced",
}
#: Route -> where it is held against the oracle, or why it shows no record.
ROUTES = {
    **dict.fromkeys(
        ("records.show", "records.index", "records.history", "records.related", "records.trash",
         "views.show", "views.pick", "search.show", "search.palette", "home.show", "files.download",
         "entry.new", "entry.edit", "people.show", "leaving.ask", "leaving.ask_hand_over",
         "drafting.pick", "drafting.draft", "drafting.add_rows", "audit.show", "account.show"),
        _CRAWL,
    ),
    **dict.fromkeys(
        ("entry.create", "entry.update", "records.delete", "records.restore"), _WRITES,
    ),
    **dict.fromkeys(
        ("account.end", "account.end_others", "auth.change_password", "auth.enter_code", "auth.log_in",
         "auth.log_out", "auth.show", "auth.show_code", "auth.show_password", "passkeys.add",
         "passkeys.begin_adding", "passkeys.begin_log_in", "passkeys.log_in", "passkeys.remove",
         "two_step.begin", "two_step.confirm", "two_step.renew", "two_step.show", "two_step.turn_off",
         "language.switch", "language.switch_theme"),
        _OWN,
    ),
    **dict.fromkeys(
        ("people.activate", "people.change_roles", "people.end_sessions", "people.make_link",
         "people.reset_two_step", "leaving.deactivate", "leaving.hand_over", "leaving.show", "leaving.undo"),
        "for whoever may configure users: test_people.py, test_web_people.py",
    ),
    **dict.fromkeys(("invitations.accept", "invitations.show"), "the bearer of a link; shows a log-in only"),
    **dict.fromkeys(("audit.export", "audit.verify"), "for administrators: test_web_audit.py"),
    **dict.fromkeys(
        ("handover.show", "sharing.show", "explaining.show", "explaining.who", "rights.show",
         "rights.cell", "rights_changes.grant", "rights_changes.local", "rights_changes.new"),
        _CRAWL,
    ),
    **dict.fromkeys(
        ("handover.claim", "handover.hand_over", "handover.pick", "handover.undo", "sharing.pick",
         "sharing.share", "sharing.unshare"),
        "claiming, handing over and sharing: test_hands.py, test_web_hands.py",
    ),
    "revealing.reveal": _WRITES,
    "explaining.pick": "for whoever may look through other eyes: test_web_why.py",
    **dict.fromkeys(("seeing.begin", "seeing.end"), "through other eyes: test_explain.py, test_web_why.py"),
    "assets.serve": "scripts and styles",
    "files.upload": "what one has just sent oneself",
    "health.healthz": "whether the database answers",
    "rich_text.preview": "what one has just typed oneself",
}  # fmt: skip


@pytest.fixture(scope="module")
def matrix(office, oracle) -> Matrix:
    office.sample = office.sample[::12]
    return Matrix(office, oracle)


def assert_agrees(verdict: Verdict, least: int) -> None:
    assert verdict.leaks[:20] == [], f"{len(verdict.leaks)} leaks"
    assert verdict.refusals[:20] == [], f"{len(verdict.refusals)} false refusals"
    assert verdict.checks >= least, verdict.checks
    print(f"{verdict.checks} checks")  # noqa: T201 -- the figure in docs/security.md; shown by pytest -s


def test_every_channel_shows_exactly_what_the_oracle_allows(matrix: Matrix, request) -> None:
    postgres = "postgresql" in request.node.callspec.id
    if postgres:
        assert_agrees(matrix.run(*FEW), 15_000)
        return
    verdict = matrix.run(FEW[0], SLOW)
    verdict.add(matrix.run(channels=CHANNELS.keys() - SLOW))
    assert_agrees(verdict, 20_000)


@pytest.mark.slow
def test_every_channel_in_full(office, oracle) -> None:
    office.full, office.sample = True, sorted(office.tokens)
    try:
        assert_agrees(Matrix(office, oracle).run(), 100_000)
    finally:
        office.full = False


def test_every_action_has_an_entry() -> None:
    assert {action.value for action in Action} == ACTIONS.keys()
    named = {name for where in ACTIONS.values() if isinstance(where, tuple) for name in where}
    assert named <= {*CHANNELS, "history"}


def test_every_route_has_an_entry(tmp_path: Path) -> None:
    app = create_app(Settings(home=tmp_path))
    runtime_of(app).store.close()
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == ROUTES.keys()
