"""Which passwords are refused, and why."""

from __future__ import annotations

import pytest

from formwright.engine.passwords import (
    fresh_password,
    hash_password,
    is_password,
    password_problem,
)


@pytest.mark.parametrize(
    "password",
    [
        "password1234", "qwertyuiop", "1q2w3e4r5t", "iloveyou12", "Password2024!", "p4ssw0rd!!", "zhongguo123",
        "woaini1314", "Summer2026!", "abcdefghij", "aaaaaaaaaaaa", "1234567890123",
    ],
)  # fmt: skip
def test_what_stands_on_the_lists_of_breaches_is_refused_in_every_disguise(password):
    found = password_problem(password)
    assert found is not None
    assert "easy to guess" in str(found)
    assert "容易被猜到" in found.in_language("zh-CN")


@pytest.mark.parametrize(
    "password",
    [
        "copper-lantern-marsh",
        "right-horse-battery",
        "晚风 吹过 旧车站 的 铁轨",
        "vK8#qLm2$xTz",
        "x" * 5 + "correct horse",
    ],
)
def test_long_and_unrelated_is_accepted_whatever_signs_it_has(password):
    assert password_problem(password, "ann", name="Ann Lee", email="ann@example.com") is None


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("short-one", "at least 10"),
        ("x" * 1025, "at most"),
        ("copper-JSMITH-marsh", "log-in name"),
        ("copper-Josephine-marsh", "your name or e-mail"),
        ("copper-postbox77-marsh", "your name or e-mail"),
        ("copper-lantern-王小明", "your name or e-mail"),
    ],
)
def test_the_person_and_the_length_are_looked_at(password, words):
    found = password_problem(
        password, "jsmith", name="Josephine 王小明", email="postbox77@example.com"
    )
    assert found is not None
    assert words in str(found)
    assert found.in_language("zh-CN") != str(found)


def test_a_name_of_two_letters_is_in_too_many_words_to_count():
    assert password_problem("copper-lantern-marsh", "la", name="An", email="ma@example.com") is None


def test_a_hash_is_argon2id_salted_and_fits_its_password_only():
    first, second = (hash_password("copper-lantern-marsh") for _ in range(2))
    assert first.startswith("$argon2id$")
    assert first != second
    assert is_password(first, "copper-lantern-marsh")
    assert not is_password(first, "copper-lantern-marsH")
    assert not is_password("", "copper-lantern-marsh")
    assert not is_password(first, "x" * 2000)


def test_a_password_that_is_made_up_passes_our_own_rules():
    assert all(password_problem(fresh_password()) is None for _ in range(20))
