"""What requests of people say, by kind: their bodies, checked."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field

from storage.maintenance import Order

Text = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00]*$")]


class Transfer(BaseModel, extra="forbid"):
    """Hand a site over to another enterprise."""

    code: Text
    """统一社会信用代码 of the owner."""
    site: Text
    to: Text
    """统一社会信用代码 of the new owner."""


class Maintenance(BaseModel, extra="forbid"):
    """Let a maintenance window hold."""

    code: Text
    site: Text
    device: Text | None = None
    zone: Text | None = None
    begins: AwareDatetime
    ends: AwareDatetime
    reason: Text

    def order(self, actor: str) -> Order:
        """As `actor` asks for it."""
        return Order(
            enterprise=self.code,
            site=self.site,
            device=self.device,
            zone=self.zone,
            begins=self.begins,
            ends=self.ends,
            actor=actor,
            reason=self.reason,
        )
