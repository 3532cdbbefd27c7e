"""Which login the web process has: row-level security binds only one that it is meant for."""

from __future__ import annotations

from domain.errors import SettingsError
from storage.connect import connect

# Owner of a table is also whoever may become its owner.
LOGIN = """
SELECT current_user, r.rolsuper, r.rolbypassrls,
       EXISTS (SELECT FROM pg_class AS c
                WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
                  AND pg_has_role(r.oid, c.relowner, 'MEMBER')),
       EXISTS (SELECT FROM pg_roles AS o
                WHERE o.rolname IN ('blackbox_ingest', 'blackbox_dispatch', 'blackbox_retention')
                  AND pg_has_role(r.oid, o.oid, 'MEMBER'))
  FROM pg_roles AS r WHERE r.rolname = current_user
"""


async def check(url: str) -> None:
    """Raise SettingsError if the login of `url` would see more than row-level security shows."""
    async with await connect(url, name="blackbox dashboard") as connection:
        row = await (await connection.execute(LOGIN)).fetchone()
    assert row is not None
    login, *excesses = row
    reasons = [reason for reason, has in zip(REASONS, excesses, strict=True) if has]
    if reasons:
        raise SettingsError(
            zh=(
                f"BLACKBOX_DATABASE_URL：监管页面不得以 {login} 登录数据库（"
                f"{', '.join(reasons)}）：行级安全对其无效，每个用户都会看到一切。"
                "请使用 blackbox_web。"
            ),
            en=(
                f"The dashboard must not sign in to the database as {login} ("
                f"{', '.join(reasons)}): row-level security does not bind it, and"
                " every user would see everything. Use the login blackbox_web."
            ),
        )


REASONS = ("superuser", "BYPASSRLS", "owner of tables", "login of another process")
