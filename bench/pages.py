"""Import and pages as a user meets them: the real commands, a served CRM, and clients over HTTP."""

from __future__ import annotations

import http.client
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import generate

CLIENTS = 16
#: Requests that are timed one after the other, and seconds for which all clients ask at once.
ALONE = 60
SECONDS = 6.0
PORT = 8765
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
_RECORD = re.compile(r"/records/crm\.customer/([0-9a-z]{13})\"")


@dataclass(frozen=True)
class Figure:
    """One measured value, with what was asked for and where it was measured."""

    what: str
    value: float
    unit: str
    wanted: str


class Client:
    """Somebody who is logged in, on one connection."""

    def __init__(self, port: int, login: str, password: str) -> None:
        self._port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._cookies: dict[str, str] = {}
        _, page = self.ask("/log-in")
        found = _TOKEN.search(page)
        assert found is not None, "the log-in page has no token"
        status, _ = self.send("/log-in", csrf_token=found[1], login=login, password=password)
        assert status == 303, f"log-in was answered with {status}"

    def ask(self, path: str) -> tuple[int, str]:
        """Fetch a page, compressed as browsers do, and return its status and text."""
        return self._request("GET", path, None)

    def send(self, path: str, **fields: str) -> tuple[int, str]:
        """Post a form."""
        return self._request("POST", path, urllib.parse.urlencode(fields))

    def _request(self, method: str, path: str, body: str | None) -> tuple[int, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body is not None:
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": f"http://127.0.0.1:{self._port}",
            }
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
        except ConnectionError:  # the server closes what was idle for a while
            self._connection.close()
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        for value in answer.headers.get_all("Set-Cookie") or ():
            name, _, rest = value.partition("=")
            self._cookies[name] = rest.split(";")[0]
        return answer.status, text


def measure(name: str, url: str, home: Path, files: Path) -> list[Figure]:
    """Return the figures of one database that is empty at the start."""
    environment = {**os.environ, "FORMWRIGHT_HOME": str(home), "FORMWRIGHT_DATABASE_URL": url}
    prepared = run(environment, "demo", "--no-serve")
    password = prepared.split()[-1]
    figures = list(imports(environment, files))
    with served(environment) as started:
        figures.append(Figure("start to first answer", started, "s", "3"))
        figures.extend(pages(password))
        figures.append(Figure("memory of the server, 2 workers", memory(), "MB", "200"))
    print(f"{name}: done", file=sys.stderr)
    return figures


def imports(environment: dict[str, str], files: Path) -> Iterator[Figure]:
    """Import the generated customers; yield rows per second and peak memory."""
    expected = json.loads((files / "expected.json").read_text("utf-8"))
    rows = expected["customers"]["rows"]
    began = time.perf_counter()
    options = ("--match-on", "phone", "--mode", "keep_latest")
    run(environment, "import", "customer", str(files / "customers.csv"), *options)
    taken = time.perf_counter() - began
    yield Figure(f"import of {rows:,} customers", rows / taken, "rows/s", "4000")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    yield Figure("import, peak memory", peak, "MB", "400")


def run(environment: dict[str, str], *arguments: str) -> str:
    """Run a command of the program; return what it printed. An import with refused rows ends with 1, as it should."""
    done = subprocess.run(
        [sys.executable, "-m", "formwright", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in {0, 1}:
        raise RuntimeError(done.stdout + done.stderr)
    return done.stdout


@contextmanager
def served(environment: dict[str, str]) -> Iterator[float]:
    """Serve with 2 workers of 4 threads; yield the seconds from start to first answer."""
    began = time.perf_counter()
    arguments = ("serve", "--port", str(PORT), "--workers", "2", "--threads", "4")
    with subprocess.Popen(
        [sys.executable, "-m", "formwright", *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            while not answers():
                time.sleep(0.02)
            yield time.perf_counter() - began
        finally:
            server.terminate()


def answers() -> bool:
    """Tell whether the server answers."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
        connection.request("GET", "/log-in")
        return connection.getresponse().status == 200
    except OSError:
        return False


def memory() -> float:
    """Return the megabytes that the served processes hold: shared pages counted once, in proportion."""
    total = 0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            command = (folder / "cmdline").read_bytes()
            if b"formwright" in command and str(PORT).encode() in command:
                rollup = (folder / "smaps_rollup").read_text()
                total += int(re.search(r"Pss:\s+(\d+)", rollup)[1])  # type: ignore[index]
        except OSError:
            continue
    return total / 1024


def pages(password: str) -> Iterator[Figure]:
    """Time each page alone, then with all clients at once."""
    first = Client(PORT, "admin", password)
    _, page = first.ask("/views/crm.customers")
    found = _RECORD.search(page)
    assert found is not None, "the list shows no record"
    everyone = [first, *(Client(PORT, "admin", password) for _ in range(CLIENTS - 1))]
    numbers = iter(range(10**9))

    def create(client: Client) -> int:
        """Post the form of a new customer with a telephone number of its own."""
        _, form = client.ask("/records/crm.customer/new")
        fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
        number = next(numbers)
        fields |= {
            "f-name": f"Bench {number}",
            "f-phone": f"199{os.getpid() % 1000:03d}{number:05d}",
        }
        return client.send("/records/crm.customer/new", **fields)[0]

    for what, path, median, rate in (
        ("list page, 50 rows of a filter", "/views/crm.customers?f-source=referral", "12", "150"),
        ("entry form page", "/records/crm.customer/new", "8", "150"),
        ("record page", f"/records/crm.customer/{found[1]}", "12", "150"),
    ):

        def fetch(client: Client, path: str = path) -> int:
            return client.ask(path)[0]

        yield Figure(what, alone(first, fetch, 200), "ms", median)
        yield Figure(f"{what}, {CLIENTS} clients", together(everyone, fetch), "pages/s", rate)
    yield Figure("form fetched and posted, one new record", alone(first, create, 303), "ms", "20")
    yield Figure(f"new records, {CLIENTS} clients", together(everyone, create), "records/s", "75")


def alone(client: Client, fetch: Callable[[Client], int], status: int) -> float:
    """Return the median milliseconds of a request by one client."""
    times = []
    for number in range(ALONE + 10):
        began = time.perf_counter()
        got = fetch(client)
        assert got == status, f"answered with {got}"
        if number >= 10:  # the first ones warm what is kept
            times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def together(clients: list[Client], fetch: Callable[[Client], Any]) -> float:
    """Return how many requests a second all clients get answered."""
    end = time.perf_counter() + SECONDS
    counts = [0] * len(clients)

    def ask(place: int) -> None:
        while time.perf_counter() < end:
            fetch(clients[place])
            counts[place] += 1

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(len(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SECONDS


def make_files(folder: Path, customers: int) -> Path:
    """Generate the customers to import, unless they are there."""
    if not (folder / "expected.json").is_file():
        generate.main(
            [
                "--customers",
                str(customers),
                "--follow-ups",
                str(customers // 2),
                "--output",
                str(folder),
            ]
        )
    return folder
