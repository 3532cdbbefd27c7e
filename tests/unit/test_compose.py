from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec.models import ComposeSpecification
from typer.main import get_command
from typer.testing import CliRunner

from blackbox.cli import app
from blackbox.settings import Settings

ROOT = Path(__file__).parents[2]
FILE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
LOGINS = {
    "migrate": "postgres",
    "ingestor": "blackbox_ingest",
    "dispatcher": "blackbox_dispatch",
    "dashboard": "blackbox_web",
}


def test_compose_file_follows_the_specification():
    ComposeSpecification.model_validate(FILE)


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_one_that_the_program_knows(name: str):
    command = OURS[name]["command"]
    assert command[0] in get_command(app).commands  # pyright: ignore[reportAttributeAccessIssue]
    assert CliRunner().invoke(app, [*command, "--help"]).exit_code == 0


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting(name: str):
    given = {key.removeprefix("BLACKBOX_").lower() for key in OURS[name]["environment"]}
    assert given <= set(Settings.model_fields)


@pytest.mark.parametrize("name", OURS)
def test_every_process_has_the_login_made_for_it(name: str):
    url = OURS[name]["environment"]["BLACKBOX_DATABASE_URL"]
    assert url.startswith(f"postgresql://{LOGINS[name]}:")


@pytest.mark.parametrize("name", SERVICES)
def test_only_loopback_ports_are_published(name: str):
    assert all(
        port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", [])
    )


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_says_whether_it_is_well(name: str):
    assert "healthcheck" in SERVICES[name] or name == "migrate"


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned(name: str):
    assert re.fullmatch(r"[\w/-]+:[\w.-]*\d\.\d[\w.-]*", SERVICES[name]["image"])


@pytest.mark.parametrize("name", SERVICES)
def test_every_file_mounted_exists(name: str):
    sources = [volume.partition(":")[0] for volume in SERVICES[name].get("volumes", [])]
    assert [s for s in sources if s.startswith(".") and not (ROOT / s).is_file()] == []


def test_example_of_environment_names_every_variable_asked_for():
    asked = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    given = set(
        re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    )
    assert asked == given


def test_prometheus_asks_every_process_where_it_answers():
    prometheus = yaml.safe_load((ROOT / "docker" / "prometheus.yml").read_text())
    (targets,) = (
        c["static_configs"][0]["targets"] for c in prometheus["scrape_configs"]
    )
    ports = {"BLACKBOX_METRICS_PORT", "BLACKBOX_DASHBOARD_PORT"}
    answers = {
        f"{name}:{value}"
        for name, service in OURS.items()
        for variable, value in service["environment"].items()
        if variable in ports
    }
    assert set(targets) == answers


def test_image_holds_every_package():
    copied = re.findall(
        r"^COPY (\w+) \1$", (ROOT / "docker" / "Dockerfile").read_text(), re.M
    )
    assert sorted(copied) == sorted(
        path.parent.name
        for path in ROOT.glob("*/__init__.py")
        if path.parent.name not in ("bench", "tests")
    )
