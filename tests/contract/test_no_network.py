"""The suite itself stays on this machine."""

from __future__ import annotations

import socket

import pytest


@pytest.mark.parametrize("host", ["formwright.example", "192.0.2.1", "2001:db8::1"])
def test_a_connection_to_another_machine_is_refused(host):
    with pytest.raises(Exception, match="tests stay on this machine"):
        socket.create_connection((host, 80), timeout=1)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_is_reachable(host):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        socket.create_connection((host, port), timeout=1).close()
