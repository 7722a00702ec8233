"""The content folders are found in all three kinds of install, in a path with a space."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

BASE = Path(__file__).parents[2]
CONTENT = ("scenarios", "validators", "analytics", "inventory")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git knows of this project, in a folder with a space, without caches."""
    if not (BASE / ".git").exists():
        pytest.skip("this is not a git checkout")
    folder = tmp_path_factory.mktemp("a checkout") / "witness mark"
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=BASE,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (BASE / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(BASE / name, folder / name)
    return folder


def build(source: Path, kind: str, out: Path) -> Path:
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(out)],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (built,) = out.iterdir()
    return built


def listed(where: Path, cwd: Path) -> str:
    """What ``witnessmark list`` and a validator's import say with ``where`` first on the path."""
    code = (
        "import witnessmark, witnessmark.content, importlib, sys\n"
        "import witnessmark.validators.recorded as one\n"
        "print(witnessmark.content.root()); print(one.__file__)\n"
        "sys.argv = ['witnessmark', 'list']\n"
        "from witnessmark.cli import main; main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(where), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def rendered(where: Path, cwd: Path) -> str:
    """An empty report.html, which needs its template and stylesheet."""
    code = (
        "from witnessmark.model.verdicts import RunVerdict\n"
        "from witnessmark.report import html\n"
        f"assert html.__file__.startswith({str(where)!r})\n"
        "print(html.render(RunVerdict(run_id='r', origin='mac', started='', finished='', as_of='',"
        "tool='', bag_sha256='', cases=(), controls=(), hosts=(), sources=())))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(where), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_from_a_checkout_the_top_folders_are_used(checkout: Path, tmp_path: Path) -> None:
    said = listed(checkout / "src", tmp_path)
    assert said.startswith(f"{checkout}\n{checkout}/validators/recorded.py\n")
    assert "p11-quarantined-download" in said


def test_from_a_wheel_the_shipped_copy_is_used(checkout: Path, tmp_path: Path) -> None:
    wheel = build(checkout, "wheel", tmp_path / "dist")
    unpacked = tmp_path / "site packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    said = listed(unpacked, tmp_path)
    assert said.startswith(f"{unpacked}/witnessmark/_content\n")
    assert "p11-quarantined-download" in said
    assert rendered(unpacked, tmp_path).startswith("<!DOCTYPE html>")
    for name in CONTENT:
        here = {path.relative_to(checkout / name) for path in files(checkout / name)}
        shipped = unpacked / "witnessmark/_content" / name
        assert {path.relative_to(shipped) for path in files(shipped)} == here


def test_from_an_sdists_wheel_nothing_is_lost(checkout: Path, tmp_path: Path) -> None:
    sdist = build(checkout, "sdist", tmp_path / "sdist")
    safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "from sdist", **safely)
    (source,) = (tmp_path / "from sdist").iterdir()
    direct = build(checkout, "wheel", tmp_path / "one")
    again = build(source, "wheel", tmp_path / "two")
    with zipfile.ZipFile(direct) as one, zipfile.ZipFile(again) as two:
        assert set(one.namelist()) == set(two.namelist())


def test_entry_points_are_declared(checkout: Path, tmp_path: Path) -> None:
    wheel = build(checkout, "wheel", tmp_path / "dist")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [item for item in archive.namelist() if item.endswith("entry_points.txt")]
        text = archive.read(name).decode()
    assert "witnessmark = witnessmark.cli:main" in text
    assert "[pytest11]\nwitnessmark = witnessmark.pytest_plugin" in text


def files(folder: Path) -> list[Path]:
    return [
        path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    ]
