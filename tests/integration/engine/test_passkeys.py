"""A passkey lets in its owner, once for each challenge, in the browser that was asked, and nobody else."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import bytes_to_base64url, encode_cbor

from formwright.engine import accounts, packages, passkeys
from formwright.engine.passkeys import Party
from formwright.ids import format_id

OURS = Party("crm.example.com", "https://crm.example.com")
PRESENT, VERIFIED, WITH_KEY = 1, 4, 64


@dataclass
class Device:
    """A device with one key, as far as the protocol goes; its attributes are what a test spoils."""

    origin: str = OURS.origin
    party: str = OURS.id
    flags: int = PRESENT | VERIFIED
    counter: int = 0
    user_handle: str = ""
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    credential: bytes = b"credential-of-the-device"

    def register(self, options: str) -> str:
        numbers = self.key.public_key().public_numbers()
        public = encode_cbor(
            {
                1: 2,
                3: -7,
                -1: 1,
                -2: numbers.x.to_bytes(32, "big"),
                -3: numbers.y.to_bytes(32, "big"),
            }
        )
        told = b"\0" * 16 + len(self.credential).to_bytes(2, "big") + self.credential + public
        statement = {"fmt": "none", "attStmt": {}, "authData": self._data(WITH_KEY) + told}
        return self._answer(
            clientDataJSON=self._client("webauthn.create", options),
            attestationObject=encode_cbor(statement),
        )

    def sign(self, options: str) -> str:
        client, data = self._client("webauthn.get", options), self._data()
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        handle = {"userHandle": self.user_handle.encode()} if self.user_handle else {}
        return self._answer(
            clientDataJSON=client, authenticatorData=data, signature=signed, **handle
        )

    def _client(self, kind: str, options: str) -> bytes:
        challenge = json.loads(options)["challenge"]
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _data(self, flags: int = 0) -> bytes:
        hashed = hashlib.sha256(self.party.encode()).digest()
        return hashed + bytes([self.flags | flags]) + self.counter.to_bytes(4, "big")

    def _answer(self, **parts: bytes) -> str:
        number = bytes_to_base64url(self.credential)
        response = {name: bytes_to_base64url(part) for name, part in parts.items()}
        return json.dumps(
            {"id": number, "rawId": number, "type": "public-key", "response": response}
        )


@pytest.fixture
def person(office):
    installer = packages.installer(office.runtime.catalog)
    with office.runtime.unit(installer, write=True) as unit:
        accounts.add_account(
            unit,
            login="rep",
            name="Rep",
            password="copper-lantern-marsh",  # noqa: S106 -- of a test
        )
        user = unit.tx.users.credential("rep").user
        return office.runtime.actor(unit.tx, user)


@pytest.fixture
def write(office):
    def run(act, *rest, **named):
        with office.runtime.store.transaction(write=True) as tx:
            return act(tx, OURS, *rest, **named)

    return run


@pytest.fixture
def added(write, person):
    """Return a device whose key is known."""
    device = Device()
    options = write(passkeys.begin_adding, person, "browser")
    assert write(passkeys.add, person, device.register(options), name="Blue", browser="browser")
    return device


def log_in(
    write, device: Device, *, asked: str = "browser", answered: str = "browser"
) -> int | None:
    options = write(passkeys.begin_log_in, asked)
    return write(passkeys.log_in, device.sign(options), browser=answered)


def test_a_key_lets_its_owner_in_and_an_answer_is_good_once(office, write, person, added):
    options = write(passkeys.begin_log_in, "browser")
    answer = added.sign(options)
    assert write(passkeys.log_in, answer, browser="browser") == person.id
    assert write(passkeys.log_in, answer, browser="browser") is None
    added.user_handle = format_id(person.id)
    assert log_in(write, added) == person.id
    with office.runtime.store.transaction(write=False) as tx:
        assert [key.name for key in tx.second_steps.passkeys(person.id)] == ["Blue"]


@pytest.mark.parametrize(
    "spoilt",
    [
        {"origin": "https://crm.example.com.evil.example"},
        {"origin": "http://crm.example.com"},
        {"party": "evil.example"},
        {"flags": PRESENT},
        {"flags": VERIFIED},
        {"user_handle": "somebody-else"},
        {"key": ec.generate_private_key(ec.SECP256R1())},
        {"credential": b"of-another-device"},
    ],
    ids=lambda spoilt: next(iter(spoilt)),
)
def test_an_answer_that_is_not_right_lets_nobody_in(write, person, added, spoilt):
    assert log_in(write, added) == person.id
    for name, value in spoilt.items():
        setattr(added, name, value)
    assert log_in(write, added) is None


def test_an_answer_counts_in_the_browser_that_was_asked_only(write, person, added):
    assert log_in(write, added, answered="another") is None
    assert log_in(write, added) == person.id


def test_an_answer_that_comes_too_late_is_refused(clock, write, person, added):
    options = write(passkeys.begin_log_in, "browser")
    clock.instant += timedelta(minutes=6)
    assert write(passkeys.log_in, added.sign(options), browser="browser") is None
    assert log_in(write, added) == person.id


def test_a_counter_that_does_not_grow_gives_a_copied_key_away(write, person, added):
    for counter, let_in in ((5, True), (5, False), (4, False), (6, True)):
        added.counter = counter
        assert (log_in(write, added) == person.id) is let_in


def test_somebody_who_is_shut_out_has_no_use_for_a_key(write, office, person, added):
    with office.runtime.store.transaction() as tx:
        tx.users.set_active(person.id, active=False)
    assert log_in(write, added) is None


@pytest.mark.parametrize(
    "spoilt",
    [{"origin": "https://evil.example"}, {"party": "evil.example"}, {"flags": PRESENT}],
    ids=lambda spoilt: next(iter(spoilt)),
)
def test_a_key_that_was_made_for_somebody_else_is_not_kept(write, office, person, spoilt):
    device = Device(**spoilt)
    options = write(passkeys.begin_adding, person, "browser")
    assert not write(passkeys.add, person, device.register(options), name="x", browser="browser")
    with office.runtime.store.transaction(write=False) as tx:
        assert tx.second_steps.passkeys(person.id) == []


def test_a_key_is_kept_for_whoever_began_and_once(write, person, added):
    stranger = type(person)(person.id + 1, "other", "Other", frozenset())
    options = write(passkeys.begin_adding, person, "browser")
    answer = Device(credential=b"second").register(options)
    assert not write(passkeys.add, stranger, answer, name="x", browser="browser")
    options = write(passkeys.begin_adding, person, "browser")
    assert not write(passkeys.add, person, added.register(options), name="x", browser="browser")


@pytest.mark.parametrize("answer", ["", "{}", "[]", "null", '{"id": 1}', "x" * 100])
def test_nonsense_is_no_answer_and_no_failure(write, person, answer):
    assert write(passkeys.log_in, answer, browser="browser") is None
    assert not write(passkeys.add, person, answer, name="x", browser="browser")


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://crm.example.com", "crm.example.com"),
        ("http://localhost:8000", "localhost"),
        ("http://crm.example.com", None),
        ("https://192.0.2.1", None),
        ("https://[2001:db8::1]", None),
    ],
)
def test_keys_are_made_for_names_that_browsers_take(address, host):
    found = passkeys.party(address)
    assert (found.id if found is not None else None) == host
