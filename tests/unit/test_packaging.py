from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))
UNSHIPPED = ("bench", "tests")
PACKAGES = PROJECT["tool"]["importlinter"]["root_packages"]
DATA = {".sql", ".yaml", ".html", ".css", ".js", ".svg", ".conf", ".csv", ".po", ".txt"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of the files in the wheel."""
    target = tmp_path_factory.mktemp("wheel")
    build = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        "-d",
        str(target),
    ]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (path,) = target.iterdir()
    with ZipFile(path) as archive:
        return set(archive.namelist())


def test_wheel_holds_every_module_and_data_file_of_every_package(wheel: set[str]):
    files = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.suffix in DATA | {".py"}
    }
    assert files - wheel == set()


def test_wheel_holds_the_brokers_configuration_beside_the_module_that_reads_it(
    wheel: set[str],
):
    assert "blackbox/services/mosquitto.conf" in wheel


def test_wheel_holds_nothing_else(wheel: set[str]):
    tops = {name.partition("/")[0] for name in wheel}
    assert tops == {*PACKAGES, f"blackbox-{PROJECT['project']['version']}.dist-info"}


def test_every_package_is_under_the_import_rules_the_types_and_the_coverage():
    packages = sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))
    packages = [name for name in packages if name not in UNSHIPPED]
    tool = PROJECT["tool"]
    assert packages == sorted(PACKAGES)
    assert packages == sorted(
        tool["hatch"]["build"]["targets"]["wheel"]["only-include"]
    )
    assert packages == sorted(tool["coverage"]["run"]["source"])
    assert set(packages) <= set(tool["basedpyright"]["include"])


def test_dependencies_are_pinned_exactly():
    named = [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]]
    for group in PROJECT["dependency-groups"].values():
        named += [line for line in group if isinstance(line, str)]
    assert [
        line for line in named if not re.fullmatch(r"[\w,\[\]-]+==[\w.]+", line)
    ] == []


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_requirements_are_pinned_with_hashes_and_name_no_place(path: Path):
    text = path.read_text().replace("\\\n", " ")
    entries = [line for line in text.splitlines() if line.strip()]
    assert [
        e
        for e in entries
        if not re.match(r"[\w.\[\],-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", e)
    ] == []
    assert (
        re.search(
            r"://|--(index|extra|find|trusted)|[\w-]+\.(org|com|io|net|cn)\b", text
        )
        is None
    )


def pins(path: Path) -> set[str]:
    """Name and version of each requirement in a file."""
    return set(re.findall(r"^[\w.\[\],-]+==[\w.]+", path.read_text(), re.MULTILINE))


def test_requirements_agree_with_each_other_and_with_the_project():
    run, dev, build = (
        pins(ROOT / "requirements" / f"{n}.txt") for n in ("run", "dev", "build")
    )
    assert run | build <= dev
    project = {
        re.sub(r"\[.*\]", "", line) for line in PROJECT["project"]["dependencies"]
    }
    assert project <= {re.sub(r"\[.*\]", "", pin) for pin in run}


def test_no_tracked_file_of_the_build_has_an_absolute_path():
    for name in ("Makefile", ".ci/run", ".ci/make-venv", ".ci/system-packages"):
        text = (
            (ROOT / name)
            .read_text()
            .replace("/dev/null", "")
            .replace("#!/", "")
            .replace("/path/to", "")
        )
        assert re.findall(r"(?<![\w.}])/(?:home|root|work|opt|tmp)\b\S*", text) == []
