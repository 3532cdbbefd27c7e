"""Topics: `blackbox/v1/33/01/06/{enterprise}/{device}/{kind}`.

The region stands in levels (province, prefecture, county of GB/T 2260), so that one
filter takes a province or a prefecture. The sender is who the topic says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ROOT = "blackbox/v1"
READINGS = "readings"
STATUS = "status"
KEY = r"[a-z0-9][a-z0-9_-]{0,63}"
TOPIC = re.compile(
    rf"{ROOT}/(?P<p>[0-9]{{2}})/(?P<c>[0-9]{{2}})/(?P<d>[0-9]{{2}})"
    rf"/(?P<enterprise>[0-9A-Z]{{18}})/(?P<device>{KEY})/(?P<kind>[a-z]+)"
)


@dataclass(frozen=True, slots=True)
class Topic:
    """What a topic says."""

    region: str
    """GB/T 2260, six digits."""
    enterprise: str
    """统一社会信用代码."""
    device: str
    kind: str

    def sibling(self, kind: str) -> str:
        """The topic of another kind of message of the same device."""
        p, c, d = self.region[:2], self.region[2:4], self.region[4:]
        return f"{ROOT}/{p}/{c}/{d}/{self.enterprise}/{self.device}/{kind}"


def parse(topic: str) -> Topic | None:
    """What `topic` says, or None if it is not of our form."""
    match = TOPIC.fullmatch(topic)
    if match is None:
        return None
    region = match["p"] + match["c"] + match["d"]
    return Topic(region, match["enterprise"], match["device"], match["kind"])


def subscription(share: str) -> str:
    """The filter that takes all of a share; `share` is `33`, `33/01` or `33/01/06`."""
    return f"{ROOT}/{share}/#"
