"""Runs the tests that need no PyTorch on every supported Python that is installed: `make test-pythons`.

Each gets a new environment from the lock file, which leaves PyTorch out, so that the lock is tried as well.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
PREFIX = "Programming Language :: Python :: "
PIP = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
TESTS = ["-m", "pytest", "-n", "2", "-p", "no:cacheprovider", "--hypothesis-profile", "dev", "--ignore", "tests/e2e"]


def supported() -> list[str]:
    """Return the versions that the package says it supports."""
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]
    return [text.removeprefix(PREFIX) for text in classifiers if text.startswith(PREFIX)]


def installed(version: str) -> str | None:
    """Return an interpreter of that version: from the path, or one of pyenv's."""
    return next((candidate for candidate in _candidates(version) if _is(candidate, version)), None)


def _candidates(version: str) -> Iterator[str]:
    yield f"python{version}"
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from (str(path) for path in sorted(pyenv.glob(f"versions/{version}.*/bin/python")))


def _is(candidate: str, version: str) -> bool:
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([candidate, "-c", program], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return done.stdout.strip() == version


def tested(interpreter: str) -> bool:
    """Return whether all that needs no PyTorch passes on an interpreter."""
    with TemporaryDirectory(prefix="ktrdr-python-") as folder:
        subprocess.run([interpreter, "-m", "venv", folder], check=True)
        python = str(Path(folder) / ("Scripts" if os.name == "nt" else "bin") / "python")
        subprocess.run([python, *PIP, "--require-hashes", "-r", "requirements-dev.lock"], cwd=ROOT, check=True)
        subprocess.run([python, *PIP, "--no-deps", "."], cwd=ROOT, check=True)
        return subprocess.run([python, *TESTS], cwd=ROOT, check=False).returncode == 0


def main() -> int:
    """Try the versions one after the other; say which are not here."""
    failed = []
    for version in sys.argv[1:] or supported():
        interpreter = installed(version)
        print(f"Python {version}: {interpreter or 'not installed here, left out'}", flush=True)
        if interpreter and not tested(interpreter):
            failed.append(version)
    print(f"failed: {', '.join(failed)}" if failed else "all that are installed passed")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
