"""What all tests share. Fixtures live in one file per concern."""

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
