"""Files in the rows of a subform: they come with the row, belong to it, and nothing of them can be made up."""

from __future__ import annotations

import io
import json

import pytest

from formwright.engine import packages
from formwright.factory import runtime_of
from formwright.ids import format_id

CLAIMS = """
schema_version: 1
package: {key: claims, title: Claims, version: 1.0.0, requires: {core: "^1.0"}}
entities:
  claim:
    title: Claim
    display: "{{ name }}"
    fields:
      name: {type: text, title: Name, required: true}
      colors: {type: choices, title: Colors, options: [red, green, blue]}
      words: {type: tags, title: Words}
      people: {type: references, title: People, to: core.user}
      lines: {type: subform, title: Lines, of: line}
  line:
    title: Line
    kind: child
    fields:
      what: {type: text, title: What}
      proof: {type: file, title: Proof}
      colors: {type: choices, title: Colors, options: [red, green, blue]}
grants:
  claims: {role: core.admin, entity: claim, actions: [read, create, update, delete, restore]}
"""
NEW = "/records/claims.claim/new"


@pytest.fixture
def claims(own_app, tmp_path):
    folder = tmp_path / "claims"
    folder.mkdir()
    (folder / "package.yaml").write_text(CLAIMS, "utf-8")
    runtime = runtime_of(own_app)
    packages.apply_folder(runtime, packages.installer(runtime.catalog), folder)
    return own_app


@pytest.fixture
def admin(claims, open_browser):
    return open_browser(claims, "ada")


def upload(visitor, name: str) -> dict[str, str]:
    sent = {"file": (io.BytesIO(b"text"), name)}
    return visitor.post("/files", sent, content_type="multipart/form-data").response.json


def with_rows(visitor, proofs: dict[str, list[str]], path: str = NEW) -> dict[str, list[str]]:
    """Return what a form sends whose rows have these files."""
    values = visitor.get(path).values() | {"f-name": ["Taxi"], "f-lines": ["", *proofs]}
    for key, proof in proofs.items():
        values |= {f"f-lines-{key}-what": [key], f"f-lines-{key}-proof": ["", *proof]}
    return values


def saved_path(page) -> str:
    assert page.status == 303, page.texts("#summary li") or page.html[:2000]
    return page.response.headers["Location"]


def proofs_of(visitor, path: str) -> list[list[str]]:
    values = visitor.get(f"{path}/edit").values()
    return [
        [number for number in values[f"f-lines-{key}-proof"] if number]
        for key in values["f-lines"]
        if key
    ]


def test_a_file_uploaded_into_a_row_is_kept_with_it(admin, claims, open_browser):
    first, second = upload(admin, "one.txt"), upload(admin, "two.txt")
    typed = with_rows(admin, {"n1": [first["id"]], "n2": [second["id"]]})
    path = saved_path(admin.post(NEW, typed))
    assert proofs_of(admin, path) == [[first["id"]], [second["id"]]]
    assert admin.get(first["url"]).html == "text"
    assert open_browser(claims, "rep").get(first["url"]).status == 404
    saved_path(admin.post(f"{path}/edit", admin.get(f"{path}/edit").values()))
    assert proofs_of(admin, path) == [[first["id"]], [second["id"]]]


def test_a_file_is_put_into_a_row_that_is_stored_and_taken_away_again(admin):
    path = saved_path(admin.post(NEW, with_rows(admin, {"n1": []})))
    stored = upload(admin, "later.txt")
    values = admin.get(f"{path}/edit").values()
    key = next(key for key in values["f-lines"] if key)
    saved_path(admin.post(f"{path}/edit", values | {f"f-lines-{key}-proof": ["", stored["id"]]}))
    assert proofs_of(admin, path) == [[stored["id"]]]
    values = admin.get(f"{path}/edit").values()
    saved_path(admin.post(f"{path}/edit", values | {f"f-lines-{key}-proof": [""]}))
    assert proofs_of(admin, path) == [[]]


def test_a_form_without_scripts_uploads_into_a_row(admin):
    assert admin.get(NEW).one("#record-form")["enctype"] == "multipart/form-data"
    typed = with_rows(admin, {"n1": []})
    typed |= {"f-lines-n1-proof~new": (io.BytesIO(b"plain"), "plain.txt")}
    path = saved_path(admin.post(NEW, typed, content_type="multipart/form-data"))
    assert [len(files) for files in proofs_of(admin, path)] == [1]


def test_what_is_said_of_a_file_cannot_be_made_up(admin, claims, open_browser):
    mine, hers = upload(admin, "mine.txt"), upload(open_browser(claims, "boss"), "hers.txt")
    for stored in (mine, hers):
        said = {"id": stored["id"], "name": "evil.pdf", "size": 1, "type": "application/pdf"}
        typed = with_rows(admin, {"n1": [json.dumps(said)], "n2": [hers["id"]]})
        path = saved_path(admin.post(NEW, typed))
        assert proofs_of(admin, path) == [[], []]
        assert "evil.pdf" not in admin.get(path)


def test_one_file_is_not_put_into_two_rows(admin):
    stored = upload(admin, "one.txt")
    page = admin.post(NEW, with_rows(admin, {"n1": [stored["id"]], "n2": [stored["id"]]}))
    assert page.status == 422
    assert any("upload it again" in each for each in page.texts("#summary li"))


def test_a_row_is_duplicated_without_its_file(admin):
    stored = upload(admin, "one.txt")
    typed = with_rows(admin, {"n1": [stored["id"]]}) | {"_do": ["copy-lines-n1"]}
    page = admin.post(NEW, typed)
    path = saved_path(admin.post(NEW, page.values()))
    assert proofs_of(admin, path) == [[stored["id"]], []]


def test_a_copy_has_every_value_of_a_list(admin, claims):
    with runtime_of(claims).store.transaction(write=False) as tx:
        people = sorted(format_id(tx.users.credential(login).user) for login in ("ada", "rep"))
    lists = {"colors": ["red", "blue"], "words": ["a", "b"], "people": people}
    typed = with_rows(admin, {"n1": []}) | {f"f-{key}": texts for key, texts in lists.items()}
    typed["f-lines-n1-colors"] = ["green", "blue"]
    path = saved_path(admin.post(NEW, typed))
    copy = admin.get(f"{NEW}?copy={path.rsplit('/', 1)[-1]}").values()
    copied = saved_path(admin.post(NEW, copy))
    assert copied != path
    values = admin.get(f"{copied}/edit").values()
    for key, texts in lists.items():
        assert sorted(filter(None, values[f"f-{key}"])) == sorted(texts), key
    (row,) = filter(None, values["f-lines"])
    assert sorted(filter(None, values[f"f-lines-{row}-colors"])) == ["blue", "green"]


def test_a_form_with_rows_and_files_sent_twice_makes_one_record(admin):
    stored = upload(admin, "one.txt")
    typed = with_rows(admin, {"n1": [stored["id"]], "n2": []}) | {"f-colors": ["red", "blue"]}
    path = saved_path(admin.post(NEW, typed))
    assert saved_path(admin.post(NEW, typed)) == path
    assert admin.post(NEW, typed | {"f-lines-n2-what": ["other"]}).status == 409
    assert admin.post(NEW, typed | {"f-lines": ["", "n1"]}).status == 409
