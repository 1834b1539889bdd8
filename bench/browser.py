"""A client over HTTP that does what a browser does with a log-in, pages and forms."""

from __future__ import annotations

import http.client
import re
import urllib.parse
from html.parser import HTMLParser

_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


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
        """Fetch a page and return its status and text."""
        return self._request("GET", path, None)

    def size(self, path: str) -> int:
        """Fetch what stands at ``path`` and return how many bytes came, compressed where the server can."""
        answer, body = self._answer("GET", path, None, {"Accept-Encoding": "gzip"})
        assert answer.status == 200, f"{path} was answered with {answer.status}"
        return len(body)

    def send(self, path: str, **fields: str) -> tuple[int, str]:
        """Post a form."""
        return self._request("POST", path, urllib.parse.urlencode(fields))

    def _request(self, method: str, path: str, body: str | None) -> tuple[int, str]:
        answer, content = self._answer(method, path, body, {})
        return answer.status, content.decode("utf-8", "replace")

    def _answer(
        self, method: str, path: str, body: str | None, wishes: dict[str, str]
    ) -> tuple[http.client.HTTPResponse, bytes]:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {**wishes, "Cookie": cookies}
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
        content = answer.read()
        for value in answer.headers.get_all("Set-Cookie") or ():
            name, _, rest = value.partition("=")
            self._cookies[name] = rest.split(";")[0]
        return answer, content


class _Form(HTMLParser):
    """Collects what a browser would send with one form of a page."""

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._id = form_id
        self._inside = False
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the value of a control that is not disabled."""
        found = dict(attrs)
        if tag == "form":
            self._inside = found.get("id") == self._id
        name = found.get("name") or ""
        if not self._inside or "disabled" in found:
            self._select = "" if tag == "select" else self._select
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            if "selected" in found or self._select not in self.fields:
                self.fields[self._select] = found.get("value") or ""
        elif tag == "input" and name and self._is_sent(found):
            self.fields[name] = found.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        """Leave the form."""
        self._inside = self._inside and tag != "form"

    def _is_sent(self, found: dict[str, str | None]) -> bool:
        if found.get("type") in {"radio", "checkbox"}:
            return "checked" in found
        return found.get("type") not in {"file", "submit", "button"}


def form_fields(page: str, form_id: str) -> dict[str, str]:
    """Return what a browser would send with the form; of several controls with one name the last counts."""
    form = _Form(form_id)
    form.feed(page)
    return form.fields
