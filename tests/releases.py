"""The schemas of Absurd's releases, out of the wheels of `absurdctl`, which pip fetches once as it is set up here.

The wheels are kept beside the virtual environment of the checkout, or in a folder of this user's own among the
temporary files. Nothing of them is run, and nothing of them is part of this project.
"""

import ast
import os
import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import version
from pathlib import Path

import absurdctl
import pytest

ROOT = Path(__file__).resolve().parent.parent
RELEASES = ("0.3.0", "0.4.0", "0.5.0", "0.5.1")
"""Every release that the package index has."""

UNUSED = 'create extension if not exists "uuid-ossp";'
"""What older schemas ask for and never use; the server from a wheel does not have it."""

_PATIENCE = 60
_SCHEMA = "BUNDLED_SCHEMA_SQL"


def schema_of(release: str) -> str:
    """The SQL of a release; the test is skipped where its wheel is not here and cannot be fetched."""
    if release == version("absurdctl"):
        return str(absurdctl.BUNDLED_SCHEMA_SQL)
    with zipfile.ZipFile(_wheel(release)) as wheel:
        module = ast.parse(wheel.read("absurdctl/__init__.py"))
    for statement in module.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(sql))) if name == _SCHEMA:
                return sql.replace(UNUSED, "")
    raise AssertionError(f"absurdctl {release} has no {_SCHEMA}")


def _wheel(release: str) -> Path:
    folder = _folder()
    wheel = folder / f"absurdctl-{release}-py3-none-any.whl"
    if not wheel.exists():
        with tempfile.TemporaryDirectory(dir=folder) as fresh:
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
            try:
                done = subprocess.run(
                    [*pip, "--dest", fresh, f"absurdctl=={release}"],
                    capture_output=True,
                    text=True,
                    timeout=_PATIENCE,
                    check=False,
                )
                said = done.stderr.strip().splitlines()[-1:]
            except subprocess.TimeoutExpired:
                said = ["pip took too long"]
            if not (fetched := Path(fresh) / wheel.name).exists():
                pytest.skip(f"absurdctl {release} is not at hand and could not be fetched: {' '.join(said)}")
            fetched.rename(wheel)
    return wheel


def _folder() -> Path:
    environment = ROOT / ".venv"
    parent = environment if environment.is_dir() else Path(tempfile.gettempdir())
    folder = parent / f"absurd-tui-wheels-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o022:
        pytest.skip(f"{folder} is not this user's own")
    return folder
