"""The house stands: imports, settings and their help, and the schema that the migrations make."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine

from backend.models import metadata
from dashboard.settings import PREFIX, Settings, unknown_settings

ROOT = Path(__file__).resolve().parent.parent
BARRED = {"utils", "helpers", "common", "manager", "misc"}
FOLDERS = ("dashboard", "pages", "callbacks", "datasources", "cache", "geo", "backend", "tests")


def modules() -> list[Path]:
    return [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py") if "versions" not in path.parts]


def test_nobody_imports_whom_he_may_not() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    lint = subprocess.run([program], cwd=ROOT, capture_output=True, text=True)
    assert lint.returncode == 0, lint.stdout + lint.stderr


def test_every_module_says_what_it_is_for() -> None:
    silent = [str(m) for m in modules() if not m.read_text(encoding="utf-8").lstrip().startswith('"""')]
    assert silent == []


def test_no_room_for_odds_and_ends() -> None:
    assert [str(m) for m in modules() if m.stem in BARRED] == []


def test_a_misspelt_setting_stops_the_start() -> None:
    env = {**os.environ, f"{PREFIX}PROT": "1"}
    started = subprocess.run(
        [sys.executable, "-m", "dashboard", "check"], cwd=ROOT, capture_output=True, text=True, env=env
    )
    assert started.returncode == 78
    assert "PANORAMA_PORT" in started.stdout


def test_a_value_that_does_not_fit_stops_the_start_and_names_the_setting() -> None:
    env = {**os.environ, f"{PREFIX}PORT": "many"}
    started = subprocess.run(
        [sys.executable, "-m", "dashboard", "check"], cwd=ROOT, capture_output=True, text=True, env=env
    )
    assert started.returncode == 78 and "PANORAMA_PORT" in started.stdout and "Traceback" not in started.stderr


def test_declared_settings_are_known() -> None:
    assert unknown_settings({f"{PREFIX}{name.upper()}": "" for name in Settings.model_fields}) == []


def test_every_setting_has_help_and_stands_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert f"`PANORAMA_{name.upper()}`" in readme, name


@pytest.mark.db
def test_the_migrations_make_the_schema_that_the_code_speaks_of(ledger: Engine) -> None:
    with ledger.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
