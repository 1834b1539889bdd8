"""Import and pages as a user meets them: the real commands, a served CRM, and clients over HTTP."""

from __future__ import annotations

import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import generate
from bench.browser import Client, form_fields
from formwright.paths import ASSETS

CLIENTS = 16
#: Requests that are timed one after the other, and seconds for which all clients ask at once.
ALONE = 60
SECONDS = 6.0
#: Requests before those that are timed, and forms that each client holds ready for posting all at once.
WARM = 10
FORMS = 60
PORT = 8765
_RECORD = re.compile(r"/records/crm\.customer/([0-9a-z]{13})\"")


@dataclass(frozen=True)
class Figure:
    """One measured value, with what was asked for: rates at least, everything else at most."""

    what: str
    value: float
    unit: str
    wanted: str

    @property
    def met(self) -> bool:
        """Whether it is as asked for; a figure that nobody asked for always is."""
        if not self.wanted:
            return True
        wanted = float(self.wanted)
        return self.value >= wanted if self.unit.endswith("/s") else self.value <= wanted


def measure(
    name: str, url: str, home: Path, files: Path, say: Callable[[str], object]
) -> list[Figure]:
    """Return the figures of one database that is empty at the start; ``say`` is told each as it is measured."""
    say(f"{name}: import, and pages of 2 workers with 4 threads")
    figures = []
    for figure in figures_of(url, home, files):
        figures.append(figure)
        wanted = f"   asked for {figure.wanted}{'' if figure.met else ', NOT MET'}"
        say(
            f"  {figure.what:48}{figure.value:10,.1f} {figure.unit}{wanted if figure.wanted else ''}"
        )
    return figures


def figures_of(url: str, home: Path, files: Path) -> Iterator[Figure]:
    """Yield each figure as it is measured."""
    environment = {**os.environ, "FORMWRIGHT_HOME": str(home), "FORMWRIGHT_DATABASE_URL": url}
    # Compiled once, as it is where the program has been installed.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = str(home.with_name("bytecode"))
    prepared = run(environment, "demo", "--no-serve")
    password = prepared.split()[-1]
    yield from imports(environment, files)
    with served(environment) as started:
        yield Figure("start to first answer", started, "s", "3")
        first = Client(PORT, "admin", password)
        yield Figure("memory of the idle server, 2 workers", memory(), "MB", "200")
        yield Figure("weight of the form, scripts and styles", weight(first), "kB", "60")
        yield from pages(
            first, [first, *(Client(PORT, "admin", password) for _ in range(CLIENTS - 1))]
        )
        yield Figure("memory of the server after all that", memory(), "MB", "")


def imports(environment: dict[str, str], files: Path) -> Iterator[Figure]:
    """Import the generated customers; yield rows per second and peak memory."""
    expected = json.loads((files / "expected.json").read_text("utf-8"))
    rows = expected["customers"]["rows"]
    options = ("--match-on", "phone", "--mode", "keep_latest")
    began = time.perf_counter()
    command = command_of("import", "customer", str(files / "customers.csv"), *options)
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in {0, 1}, f"the import ended with {process.returncode}"
    taken = time.perf_counter() - began
    seconds = used.ru_utime + used.ru_stime
    yield Figure(f"import of {rows:,} customers", rows / taken, "rows/s", "4000")
    yield Figure("import, processor time without the database's", seconds, "s", "")
    yield Figure("import, peak memory", used.ru_maxrss / 1024, "MB", "400")


def command_of(*arguments: str) -> list[str]:
    """Return the command line of the program."""
    return [sys.executable, "-m", "formwright", *arguments]


def run(environment: dict[str, str], *arguments: str) -> str:
    """Run a command of the program; return what it printed. An import with refused rows ends with 1, as it should."""
    done = subprocess.run(
        command_of(*arguments),
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
        command_of(*arguments),
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
    found = (re.search(r"Pss:\s+(\d+)", text) for text in of_server("smaps_rollup"))
    return sum(int(match[1]) for match in found if match is not None) / 1024


def busy() -> float:
    """Return the seconds of processor time that the served processes have used."""
    used = (text.rpartition(")")[2].split()[11:13] for text in of_server("stat"))
    return sum(int(user) + int(system) for user, system in used) / os.sysconf("SC_CLK_TCK")


def of_server(name: str) -> Iterator[str]:
    """Yield what the system says about each of the served processes in the file ``name``."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            command = (folder / "cmdline").read_bytes()
            if b"formwright" in command and str(PORT).encode() in command:
                yield (folder / name).read_text()
        except OSError:
            continue


def weight(client: Client) -> float:
    """Return the kilobytes that a browser without a cache fetches for an entry form, compressed as it asks for."""
    path = "/records/crm.customer/new"
    status, page = client.ask(path)
    assert status == 200, f"{path} was answered with {status}"
    named = set(re.findall(r'/assets/([^"#]+)', page))
    for entry in json.loads((ASSETS / "manifest.json").read_text("utf-8")).values():
        if entry["file"] in named:
            named.update(entry["imports"])
    paths = [path, *(f"/assets/{name}" for name in sorted(named))]
    return sum(client.size(each) for each in paths) / 1000


def pages(first: Client, everyone: list[Client]) -> Iterator[Figure]:
    """Time each page alone, then with all clients at once."""
    _, page = first.ask("/views/crm.customers")
    found = _RECORD.search(page)
    assert found is not None, "the list shows no record"
    for what, path, median in (
        ("list page, 50 rows of a filter", "/views/crm.customers?f-source=referral", "12"),
        ("entry form page", "/records/crm.customer/new", "8"),
        ("record page", f"/records/crm.customer/{found[1]}", "12"),
    ):

        def fetch(client: Client, path: str = path) -> int:
            return client.ask(path)[0]

        yield from alone(what, first, fetch, 200, median)
        yield Figure(f"{what}, {CLIENTS} clients", together(everyone, fetch, 200), "pages/s", "150")
    yield from posts(first, everyone)


def posts(first: Client, everyone: list[Client]) -> Iterator[Figure]:
    """Time a new customer by form post, without and with the fetch of the form before."""
    path = "/records/crm.customer/new"
    numbers = iter(range(10**9))
    forms: dict[Client, list[dict[str, str]]] = {client: [] for client in everyone}

    def fetch(client: Client) -> int:
        status, page = client.ask(path)
        forms[client].append(form_fields(page, "record-form"))
        return status

    def post(client: Client) -> int:
        """Send a form that was fetched before; each may be sent once."""
        number = next(numbers)
        phone = f"199{os.getpid() % 1000:03d}{number:05d}"
        fields = forms[client].pop()
        fields |= {"f-name": f"Bench {number}", "f-kind": "person", "f-phone": phone}
        return client.send(path, **fields)[0]

    def fetch_and_post(client: Client) -> int:
        fetch(client)
        return post(client)

    each(first, fetch, 200, ALONE + WARM)
    yield from alone("new record by form post", first, post, 303, "12")
    together(everyone, fetch, 200, FORMS)
    rate = together(everyone, post, 303, FORMS)
    yield Figure(f"new records by form post, {CLIENTS} clients", rate, "records/s", "150")
    yield from alone("form fetched and posted", first, fetch_and_post, 303, "20")
    rate = together(everyone, fetch_and_post, 303)
    yield Figure(f"forms fetched and posted, {CLIENTS} clients", rate, "records/s", "75")


def alone(
    what: str, client: Client, fetch: Callable[[Client], int], status: int, median: str
) -> Iterator[Figure]:
    """Yield the median of a request by one client, and what the server computes for it, which others cannot slow down.

    The first requests warm what is kept.
    """
    each(client, fetch, status, WARM)
    before = busy()
    taken = each(client, fetch, status, ALONE)
    used = busy() - before
    yield Figure(what, statistics.median(taken) * 1000, "ms", median)
    yield Figure(f"{what}, processor time", used / ALONE * 1000, "ms", "")


def each(client: Client, fetch: Callable[[Client], int], status: int, times: int) -> list[float]:
    """Ask one after the other; return the seconds of each request."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        got = fetch(client)
        taken.append(time.perf_counter() - began)
        assert got == status, f"answered with {got}"
    return taken


def together(
    clients: list[Client], fetch: Callable[[Client], int], status: int, times: int = 0
) -> float:
    """Return how many requests a second all clients get answered: in ``SECONDS``, or ``times`` by each."""
    began = time.perf_counter()
    counts = [0] * len(clients)
    wrong: list[int] = []

    def ask(place: int) -> None:
        while counts[place] < times if times else time.perf_counter() - began < SECONDS:
            got = fetch(clients[place])
            if got != status:
                wrong.append(got)
            counts[place] += 1

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(len(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, f"{len(wrong)} answered with {sorted(set(wrong))}"
    return sum(counts) / (time.perf_counter() - began)


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
