"""Each import contract breaks when it is violated: a contract that cannot fail protects nothing.

The contracts of pyproject.toml run over a scratch copy of the package folders, made of empty modules
plus one deliberate violation.
"""

import os
import re
import subprocess
import sys
import tomllib

import pytest

from scripts.devtools import project

pytestmark = pytest.mark.slow

NAMES = {
    contract["id"]: contract["name"]
    for contract in tomllib.loads(project.PYPROJECT.read_text())["tool"]["importlinter"][
        "contracts"
    ]
}
NEW_MODULE = "pass"

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
    ("engine", "babingepet.novelty", NEW_MODULE),
    ("resources", "babingepet_resources.settings", "import babingepet_resources.clients"),
    ("resources", "babingepet_resources.clients", "import babingepet_resources.warehouse"),
    ("resources", "babingepet_resources.novelty", NEW_MODULE),
    ("assets", "babingepet_assets.btc", "import babingepet_assets.altcoin"),
    ("assets", "babingepet_assets.novelty", NEW_MODULE),
    ("delivery", "babingepet_delivery.api", "import babingepet_delivery.cli"),
    ("pure-engine", "babingepet.paper", "import dagster"),
    ("pure-engine", "babingepet.paper", "import os"),
    ("pure-engine", "babingepet.market", "from sqlalchemy import select"),
    ("slow-libraries", "babingepet.voting", "from scipy import stats"),
    ("dagster-free-use-cases", "babingepet_services.scan", "import dagster"),
    ("dagster-free-use-cases", "babingepet_services.scan", "import babingepet_resources.resources"),
    ("dagster-free-clients", "babingepet_resources.warehouse", "import dagster"),
]


def write(folder, module, code):
    with (folder / f"{module.replace('.', '/')}.py").open("a") as file:
        file.write(f"{code}\n")


def scratch(folder, violations=()):
    """The package folders, with what is allowed and these violations."""
    (folder / "pyproject.toml").write_text(project.PYPROJECT.read_text())
    for package, modules in PACKAGES.items():
        (folder / package).mkdir()
        (folder / package / "__init__.py").touch()
        for module in modules.split():
            (folder / package / f"{module}.py").touch()
    for module, code in [*ALLOWED.items(), *((module, code) for _, module, code in violations)]:
        write(folder, module, code)
    return folder


def lint(folder):
    """The exit code, and what was said of each broken contract, by the contract's name."""
    program = "import sys; from importlinter.cli import lint_imports_command as c; c()"
    done = subprocess.run(
        [sys.executable, "-c", program, "--no-cache", "--no-logo"],
        cwd=folder,
        env=dict(os.environ) | {"COLUMNS": "400"},  # no line is folded
        capture_output=True,
        text=True,
        check=False,
    )
    _, name, *told = re.split(r"\n([^\n]+)\n-{3,}\n", done.stdout)
    names = [name, *told[1::2]]
    return done.returncode, dict(zip(names, told[::2], strict=True)), done.stdout + done.stderr


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """What each contract says of all violations; a new module ends the search of its contract."""
    said = {}
    for kind in (True, False):
        violations = [one for one in VIOLATIONS if (one[2] == NEW_MODULE) == kind]
        status, sections, _ = lint(scratch(tmp_path_factory.mktemp("scratch"), violations))
        assert status == 1
        said[kind] = sections
    return said


def test_what_the_layers_allow_passes_every_contract(tmp_path):
    status, _, said = lint(scratch(tmp_path))
    assert status == 0, said
    assert "0 broken" in said


@pytest.mark.parametrize(("contract", "module", "code"), VIOLATIONS)
def test_a_violation_breaks_its_contract(broken, contract, module, code):
    said = broken[code == NEW_MODULE][NAMES[contract]]
    named = f"{module}\n" if code == NEW_MODULE else f"{module} -> {code.split()[1]} "
    assert re.search(rf"- +{named}", said), said
