"""Uploads: kinds by content, limits, and nothing of them runs under our name."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from formwright.web import uploads

PNG = io.BytesIO()
Image.new("RGB", (8, 6), "teal").save(PNG, "PNG")


def upload(visitor, name: str, content: bytes):
    return visitor.post(
        "/files", {"file": (io.BytesIO(content), name)}, content_type="multipart/form-data"
    )


def test_a_file_comes_back_as_a_download_in_a_sandbox(ada):
    stored = upload(ada, "报价 2026.pdf", b"%PDF-1.7 ...").response.json
    response = ada.get(stored["url"]).response
    assert response.get_data() == b"%PDF-1.7 ..."
    assert response.headers["Content-Disposition"].startswith("attachment;")
    assert "filename*=UTF-8''%E6%8A%A5" in response.headers["Content-Disposition"]
    assert response.headers["Content-Security-Policy"].startswith("sandbox")
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<html><script>alert(1)</script>"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("picture.png", b"<script>alert(1)</script>"),
        ("x.xhtml", b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>"),
        ("a.js", b"alert(1)"),
    ],
)
def test_what_a_browser_would_run_is_served_as_text_or_bytes_and_never_shown(ada, name, content):
    stored = upload(ada, name, content).response.json
    response = ada.get(stored["url"]).response
    assert response.mimetype in {"application/octet-stream", "text/plain"}
    assert response.headers["Content-Disposition"].startswith("attachment;")
    assert ada.get(stored["url"] + "?as=picture").status == 404


def test_a_picture_is_shown_only_drawn_anew(ada):
    stored = upload(ada, "photo.png", PNG.getvalue() + b"<script>").response.json
    assert stored["picture"] is True
    response = ada.get(stored["url"] + "?as=picture").response
    assert response.mimetype == "image/webp"
    assert b"<script>" not in response.get_data()
    assert Image.open(io.BytesIO(response.get_data())).size == (8, 6)


def test_a_file_that_is_too_large_is_refused(ada):
    assert upload(ada, "big.bin", b"x" * (1024 * 1024 + 1)).status == 413


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "..\\..\\boot.ini", "/etc/passwd", "<script>.txt", "..", "con"]
)
def test_a_name_is_a_name_and_never_a_path(ada, name):
    stored = upload(ada, name, b"text").response.json
    assert "/" not in stored["name"].strip()
    assert "<" not in stored["name"]
    assert ada.get(stored["url"]).status == 200


def test_an_upload_belongs_to_whoever_made_it_until_a_record_has_it(ada, known):
    stored = upload(ada, "mine.txt", b"secret").response.json
    assert known("boss").get(stored["url"]).status == 404


def test_a_picture_of_a_record_is_kept_with_it_and_can_be_taken_away(ada, known):
    stored = upload(ada, "logo.png", PNG.getvalue()).response.json
    page = ada.get("/records/crm.customer/new")
    typed = page.values() | {
        "f-name": ["With a logo"],
        "f-phone": ["13733330000"],
        "f-logo": ["", stored["id"]],
    }
    path = ada.post("/records/crm.customer/new", typed).response.headers["Location"]
    assert ada.get(path).one(".pictures img")["src"].startswith(f"/files/{stored['id']}/")
    assert known("boss").get(stored["url"] + "?as=picture").status == 200
    assert known("rep").get(stored["url"]).status == 404
    form = ada.get(f"{path}/edit").values()
    assert form["f-logo"] == ["", stored["id"]]
    ada.post(f"{path}/edit", form | {"f-logo": [""]})
    assert ada.get(path).soup.select(".pictures img") == []


def test_somebody_elses_upload_cannot_be_put_into_a_record(ada, known):
    stored = upload(known("rep"), "theirs.png", PNG.getvalue()).response.json
    page = ada.get("/records/crm.customer/new")
    typed = page.values() | {
        "f-name": ["Thief"],
        "f-phone": ["13733330001"],
        "f-logo": ["", stored["id"]],
    }
    path = ada.post("/records/crm.customer/new", typed).response.headers["Location"]
    assert ada.get(path).soup.select(".pictures img") == []


def test_a_form_without_scripts_uploads_with_the_record(ada):
    page = ada.get("/records/crm.customer/new")
    assert page.one("#record-form")["enctype"] == "multipart/form-data"
    typed = page.values() | {
        "f-name": ["Plain upload"],
        "f-phone": ["13733330002"],
        "f-logo~new": (io.BytesIO(PNG.getvalue()), "l.png"),
    }
    done = ada.post("/records/crm.customer/new", typed, content_type="multipart/form-data")
    assert ada.get(done.response.headers["Location"]).soup.select(".pictures img")


def test_a_picture_that_is_huge_when_drawn_is_refused_however_small_its_file(ada):
    out = io.BytesIO()
    Image.new("1", (6000, 5000)).save(out, "PNG")
    assert len(out.getvalue()) < 100_000
    page = upload(ada, "bomb.png", out.getvalue())
    assert page.status == 422
    assert "more than 25 million pixels" in page


def test_a_huge_picture_that_is_here_already_is_not_drawn(ada, monkeypatch):
    stored = upload(ada, "photo.png", PNG.getvalue() + b"huge").response.json
    monkeypatch.setattr(uploads, "MOST_PIXELS", 10)
    assert ada.get(stored["url"] + "?as=picture").status == 404
    assert ada.get(stored["url"]).status == 200


def test_a_picture_is_drawn_once(ada, monkeypatch):
    stored = upload(ada, "photo.png", PNG.getvalue() + b"once").response.json
    first = ada.get(stored["url"] + "?as=picture").response.get_data()
    monkeypatch.setattr(uploads, "_draw", lambda *_: 1 / 0)
    assert ada.get(stored["url"] + "?as=picture").response.get_data() == first
