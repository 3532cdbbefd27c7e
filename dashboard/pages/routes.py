"""All pages. A new one is a folder, a line here, and one in dashboard/navigation.py.

A page's folder holds all of it: `routes.py`, templates, `static/` (served at
`/static/{page}/`), `locale/` (texts in both languages).
"""

from __future__ import annotations

from fastapi import APIRouter

from dashboard.pages.connections import routes as connections
from dashboard.pages.demo import routes as demo
from dashboard.pages.inbox import routes as inbox
from dashboard.pages.live import routes as live
from dashboard.pages.one_alert import routes as alert
from dashboard.pages.overview import routes as overview
from dashboard.pages.places import routes as places
from dashboard.pages.points import routes as points
from dashboard.pages.rules import routes as rules
from dashboard.pages.settings import routes as settings
from dashboard.pages.sign_in import routes as sign_in
from dashboard.pages.users import routes as users

router = APIRouter(include_in_schema=False)
for page in (
    sign_in,
    live,
    overview,
    inbox,
    alert,
    points,
    places,
    connections,
    rules,
    users,
    settings,
    demo,
):
    router.include_router(page.router)
