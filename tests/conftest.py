"""What all tests share. Fixtures live in one file per concern."""

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.services", "tests.summary"]

# How busy the machine is proves nothing.
settings.register_profile(
    "patient", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")

# A traceback drawn with all of its variables takes many seconds, for nobody to read.
plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """Let reports be sent between processes, also of tests that log what is no text at all."""
    report = yield
    report.sections = [(name, sendable(text)) for name, text in report.sections]
    if sendable(words := str(report.longrepr)) != words:
        report.longrepr = sendable(words)
    return report


def sendable(text: str) -> str:
    """`text` with its lone surrogates written out."""
    return text.encode(errors="backslashreplace").decode()
