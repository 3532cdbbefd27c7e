"""An alert as one file that explains itself: no request to anywhere, no script, prints to A4.

The file is opened from a disk, so that no header of ours protects its reader: it carries its
own policy, which allows this one style sheet by its hash, and nothing else.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from markupsafe import Markup
from starlette.responses import Response

from dashboard.display import Display
from dashboard.pages.one_alert.view import Page
from dashboard.render import ENVIRONMENT
from dashboard.texts import TAGS
from domain.people import Person
from storage.alert_details import Seal

HERE: Final = Path(__file__).parent
SHEETS: Final = (
    HERE.parents[1] / "static" / "tokens.css",
    HERE / "static" / "drawing.css",
    HERE / "static" / "export.css",
)
RUNNING: Final = '@page { @top-left { content: "#%d"; } @top-right { content: "%s"; } }'
"""On top of every printed page: number of the alert, and its newest digest."""


def export(
    page: Page,
    *,
    seals: Sequence[Seal],
    intakes: Mapping[int, int],
    person: Person,
    show: Display,
) -> Response:
    """The file, in the language and zone of `show`; `person` asked for it."""
    digest = max(seals, key=lambda seal: seal.arrived).digest if seals else ""
    style = "\n".join([sheets(), RUNNING % (page.one.id, digest)])
    html = ENVIRONMENT.get_template("one_alert/export.html").render(
        page=page,
        t=show.texts,
        show=show,
        tag=TAGS[show.texts.language],
        person=person,
        seals=seals,
        intakes=intakes,
        exported=True,
        style=Markup(style),  # noqa: S704 (our own files, a number, and a digest)
        style_hash=b64encode(sha256(style.encode()).digest()).decode(),
    )
    name = f"alert-{page.one.id}.html"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(html, headers=headers, media_type="text/html")


@cache
def sheets() -> str:
    """The style sheets, one after the other."""
    return "\n".join(sheet.read_text(encoding="utf-8") for sheet in SHEETS)
