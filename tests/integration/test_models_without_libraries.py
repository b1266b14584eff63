"""Every stored model type is restored and predicts the same bytes where the libraries that fitted it are not."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from samples.fits import TYPES, artifact_of, rows, task
from samples.fitted import TARGETS

from ktrdr.adapters.models.table import TableTrainer
from ktrdr.domain.catalogue.models import MODEL_TYPES
from ktrdr.domain.errors import Unavailable

PACKAGES = {"lightgbm": "lightgbm", "xgboost": "xgboost", "forest": "sklearn"}
LIBRARIES = ("lightgbm", "xgboost", "sklearn", "scipy", "arch")
ALONE = """
import json, pickle, sys
from hashlib import sha256
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in LIBRARIES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
from ktrdr.adapters.models.table import TableTrainer
trainer, said = TableTrainer("cpu"), {}
for name, (artifact, inputs) in pickle.load(open(sys.argv[1], "rb")).items():
    said[name] = sha256(trainer.restore(artifact).predict(inputs).tobytes()).hexdigest()
assert not [name for name in sys.modules if name.partition(".")[0] in LIBRARIES]
print(json.dumps(said))
"""


def test_stored_models_predict_the_same_bytes_without_them(tmp_path: Path) -> None:
    trainer, stored, expected = TableTrainer("cpu"), {}, {}
    for kind, spec in TYPES.items():
        for name, target in TARGETS.items():
            if name in spec.kind.losses:
                given = task(model=spec, target=target)
                model, inputs = trainer.fit(given), rows(60).inputs
                stored[f"{kind} {name}"] = (artifact_of(model, given), inputs)
                expected[f"{kind} {name}"] = sha256(model.predict(inputs).tobytes()).hexdigest()
    (tmp_path / "stored").write_bytes(pickle.dumps(stored))
    code = f"LIBRARIES = {LIBRARIES!r}\n{ALONE}"
    alone = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "stored")], capture_output=True, text=True, check=False
    )
    assert alone.returncode == 0, alone.stderr
    assert json.loads(alone.stdout) == expected


@pytest.mark.parametrize("kind", [name for name, spec in MODEL_TYPES.items() if spec.extra in PACKAGES])
def test_fit_without_its_library_names_the_extra(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    extra = str(MODEL_TYPES[kind].extra)
    package = PACKAGES[extra]
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        Unavailable, match=rf"{kind} needs {package}, which is not installed; install the extra '{extra}'"
    ):
        TableTrainer("cpu").fit(task(model=TYPES[kind]))
