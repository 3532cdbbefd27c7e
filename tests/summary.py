"""What tests want to be read: `record_property("figures", …)` ends up below the results.

Workers have no terminal of their own; what is recorded travels with the report.
"""

from __future__ import annotations

from _pytest.terminal import TerminalReporter


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    for report in terminalreporter.getreports("passed"):
        for name, value in getattr(report, "user_properties", []):
            if name == "figures":
                terminalreporter.write_line(f"{report.nodeid}: {value}")
