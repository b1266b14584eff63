"""Builds the wheel, installs it into a new environment and uses the program as a user would: `make wheel-test`.

With ``--reuse`` the environment borrows the packages of the one that runs this. That is quicker, and does not notice a
package that the wheel forgets to ask for.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
PIP = ["-m", "pip", "--quiet", "--disable-pip-version-check"]


def built(folder: Path) -> Path:
    """Return the wheel, built into an empty folder."""
    subprocess.run([sys.executable, *PIP, "wheel", "--no-deps", "--wheel-dir", folder, ROOT], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def left_out(wheel: Path) -> set[str]:
    """Return the files of the package, code and data, that the wheel does not hold."""
    files = (path for path in SOURCE.glob("ktrdr/**/*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(SOURCE).as_posix() for path in files} - set(ZipFile(wheel).namelist())


def installed(wheel: Path, folder: Path, *, reuse: bool) -> Path:
    """Return the folder of programs of a new environment that holds the wheel and what it asks for."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    places = sysconfig.get_paths("venv", {"base": str(folder), "platbase": str(folder)})
    if reuse:
        borrowed = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})"
        Path(places["purelib"], "borrowed.pth").write_text(borrowed)
    options = ["--force-reinstall", "--no-deps"] if reuse else ["--prefer-binary", "-c", ROOT / "constraints.txt"]
    programs = Path(places["scripts"])
    subprocess.run([programs / "python", *PIP, "install", *options, wheel], check=True)
    return programs


def use(programs: Path, home: Path) -> None:
    """Train on the shipped bars, predict and backtest, from a folder that holds nothing."""

    def ktrdr(*words: str) -> str:
        print("ktrdr", *words, flush=True)
        done = subprocess.run([programs / "ktrdr", *words], cwd=home, stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout

    where = "import ktrdr; print(ktrdr.__file__)"
    found = subprocess.run([programs / "python", "-c", where], cwd=home, stdout=subprocess.PIPE, text=True, check=True)
    assert Path(found.stdout.strip()).is_relative_to(programs.parent), found.stdout
    assert ktrdr("--version").strip()
    assert len(json.loads(ktrdr("data", "list", "--json"))["series"]) > 5
    ktrdr("strategy", "new", "--symbol", "AAPL", "--output", "first.yaml")
    ktrdr("train", "first.yaml", "--epochs", "3", "--output", "out")
    assert (home / "out/report.html").stat().st_size > 10_000
    assert len(json.loads(ktrdr("predict", "out", "--last", "5", "--json"))["predictions"]) == 5
    assert "metrics" in json.loads(ktrdr("backtest", "first", "--symbol", "AAPL", "--json"))


def main() -> None:
    """Build, look inside, install, use."""
    os.environ.pop("PYTHONPATH", None)
    with TemporaryDirectory(prefix="ktrdr-wheel-") as folder:
        wheel = built(Path(folder, "wheel"))
        missing = left_out(wheel)
        assert not missing, f"the wheel lacks {sorted(missing)}"
        home = Path(folder, "home")
        home.mkdir()
        use(installed(wheel, Path(folder, "environment"), reuse="--reuse" in sys.argv), home)
        print(f"{wheel.name} installs and works")


if __name__ == "__main__":
    main()
