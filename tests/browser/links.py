"""Every link of every page leads somewhere: a crawler."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from typing import Final
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

import httpx

HTML: Final = {"Accept": "text/html"}
LEADING: Final = ("href", "src", "data-series", "data-plotly")
"""Attributes that a browser, or a script of ours, asks for."""
OF_A_KIND: Final = 2
"""Pages of one kind that are looked at: the third alert leads where two others led."""


class Links(HTMLParser):
    """The addresses that a page leads to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in LEADING and value]


def kind(address: str) -> str:
    """What pages of one route, asked for in the same way, have in common."""
    parts = urlsplit(address)
    path = re.sub(r"(?<=/)(\d+|[0-9A-Z]{18})(?=/|$)", "*", parts.path)
    return f"{path}?{'&'.join(sorted(name for name, _ in parse_qsl(parts.query)))}"


def led_to(page: httpx.Response) -> list[str]:
    """Where a page leads; one of many that a query asks for leads no further."""
    if page.url.query or not page.headers["content-type"].startswith("text/html"):
        return []
    found = (
        urldefrag(urljoin(str(page.url), one)).url for one in Links(page.text).found
    )
    return [one for one in found if urlsplit(one).scheme in ("http", "https")]


async def broken(client: httpx.AsyncClient) -> list[str]:
    """What fails or leaves the house, of all that can be reached from the overview."""
    house = str(client.base_url.join("/"))
    queue, kinds, wrong = [house], Counter[str](), list[str]()
    for address in queue:
        if not address.startswith(house):
            wrong.append(f"foreign {address}")
            continue
        page = await client.get(address, headers=HTML, follow_redirects=True)
        if page.status_code != 200:
            wrong.append(f"{page.status_code} {address}")
        for further in led_to(page):
            if further not in queue and kinds[kind(further)] < OF_A_KIND:
                kinds[kind(further)] += 1
                queue.append(further)
    return wrong
