"""Each import contract breaks when it is violated: a contract that cannot fail protects nothing.

The contracts of pyproject.toml run over a scratch copy of the package folders, made of empty modules
plus one deliberate violation.
"""

import subprocess
import sys

import pytest

from scripts.devtools import project

pytestmark = pytest.mark.slow

PACKAGES = {
    "babingepet": "errors compiled domain market indicators signals voting paper cycles",
    "babingepet/learning": "model",
    "babingepet_resources": "clients exchange warehouse settings resources",
    "babingepet_services": "scan",
    "babingepet_assets": "btc altcoin partitions definitions",
    "babingepet_delivery": "cli api",
    "sensors": "schedules",
}

ALLOWED = {
    "babingepet.compiled": "import os",
    "babingepet.learning.model": "import sklearn",
    "babingepet.cycles": "import babingepet.learning.model, babingepet.paper",
    "babingepet_resources.resources": "import dagster",
    "babingepet_services.scan": "from babingepet import cycles",
    "babingepet_assets.btc": "import dagster, babingepet_resources.resources",
    "babingepet_assets.definitions": "import sensors.schedules",
    "babingepet_delivery.cli": "import babingepet_services.scan",
    "sensors.schedules": "import babingepet_assets.btc",
}

VIOLATIONS = [
    ("packages", "babingepet.signals", "import babingepet_resources.settings"),
    ("packages", "babingepet_resources.clients", "import babingepet_services.scan"),
    ("packages", "babingepet_delivery.api", "import babingepet_assets.btc"),
    ("packages", "babingepet_assets.btc", "import sensors.schedules"),
    ("engine", "babingepet.signals", "import babingepet.voting"),
    ("engine", "babingepet.domain", "import babingepet.market"),
    ("engine", "babingepet.market", "import babingepet.indicators"),
    ("engine", "babingepet.novelty", "pass"),
    ("resources", "babingepet_resources.settings", "import babingepet_resources.clients"),
    ("resources", "babingepet_resources.clients", "import babingepet_resources.warehouse"),
    ("resources", "babingepet_resources.novelty", "pass"),
    ("assets", "babingepet_assets.btc", "import babingepet_assets.altcoin"),
    ("assets", "babingepet_assets.novelty", "pass"),
    ("delivery", "babingepet_delivery.api", "import babingepet_delivery.cli"),
    ("pure-engine", "babingepet.paper", "import dagster"),
    ("pure-engine", "babingepet.paper", "import os"),
    ("pure-engine", "babingepet.market", "from sqlalchemy import select"),
    ("slow-libraries", "babingepet.voting", "from scipy import stats"),
    ("dagster-free-use-cases", "babingepet_services.scan", "import dagster"),
    ("dagster-free-use-cases", "babingepet_services.scan", "import babingepet_resources.resources"),
    ("dagster-free-clients", "babingepet_resources.warehouse", "import dagster"),
]


@pytest.fixture
def scratch(tmp_path):
    (tmp_path / "pyproject.toml").write_text(project.PYPROJECT.read_text())
    for package, modules in PACKAGES.items():
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
        for module in modules.split():
            (tmp_path / package / f"{module}.py").touch()
    for module, code in ALLOWED.items():
        write(tmp_path, module, code)
    return tmp_path


def write(folder, module, code):
    with (folder / f"{module.replace('.', '/')}.py").open("a") as file:
        file.write(f"{code}\n")


def lint(folder, *contracts):
    chosen = [argument for contract in contracts for argument in ("--contract", contract)]
    program = "import sys; from importlinter.cli import lint_imports_command as c; c()"
    done = subprocess.run(
        [sys.executable, "-c", program, "--no-cache", "--no-logo", *chosen],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_what_the_layers_allow_passes_every_contract(scratch):
    status, said = lint(scratch)
    assert status == 0, said
    assert "0 broken" in said


@pytest.mark.parametrize(("contract", "module", "code"), VIOLATIONS)
def test_a_violation_breaks_its_contract(scratch, contract, module, code):
    write(scratch, module, code)
    status, said = lint(scratch, contract)
    assert status == 1
    assert "1 broken" in said, said
