"""Item response figures from girth, an independent library, for the tests to compare with.

    python -m venv /tmp/girth && /tmp/girth/bin/pip install girth==0.8.0
    /tmp/girth/bin/python benchmarks/stats/girth_golden.py tests/engine/stats/irt/girth.json

Needs girth, numpy and scipy, and nothing of this program. The verdicts are drawn here from a seed and written, packed
as text, beside what girth makes of them, so that the tests need neither girth nor the same random numbers.

Rasch: our pairs are a population and our candidates are fixed, so girth sees candidates as items and pairs as persons:
`onepl_mml` (marginal likelihood; its common discrimination is the spread of our difficulties), `rasch_conditional`
(conditional likelihood, which supposes no distribution at all) and `ability_eap` for the pairs. 2PL: `twopl_mml` with
many candidates as persons and pairs as items.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path

import girth
import numpy as np

SEED = 20_261


def text(verdicts: np.ndarray) -> list[str]:
    """One line of 0 and 1 for each candidate."""
    return ["".join(map(str, row)) for row in verdicts]


def rasch(candidates: int, pairs: int, spread: float, rng: np.random.Generator) -> dict[str, object]:
    """Verdicts of a Rasch model, and girth's estimates."""
    ability = np.round(rng.normal(0.4, 0.7, candidates), 3)
    difficulty = rng.normal(0, spread, pairs)
    verdicts = (rng.random((candidates, pairs)) < 1 / (1 + np.exp(difficulty - ability[:, None]))).astype(int)
    marginal = girth.onepl_mml(verdicts)
    common, items = float(marginal["Discrimination"]), marginal["Difficulty"]
    conditional = girth.rasch_conditional(verdicts)["Difficulty"]
    people = girth.ability_eap(verdicts, items, np.full(candidates, common))
    return {
        "true_ability": ability.tolist(),
        "true_spread": spread,
        "verdicts": text(verdicts),
        "spread": common,
        "ability": np.round(-common * items, 6).tolist(),
        "conditional_ability": np.round(-conditional, 6).tolist(),
        "difficulty": np.round(-common * people, 6).tolist(),
    }


def two_parameters(candidates: int, pairs: int, rng: np.random.Generator) -> dict[str, object]:
    """Verdicts of a 2PL model, and girth's slopes and difficulties."""
    ability = rng.normal(0, 1, candidates)
    ability = (ability - ability.mean()) / ability.std()
    slope, difficulty = np.exp(rng.normal(-0.1, 0.4, pairs)), rng.normal(0, 0.8, pairs)
    verdicts = (rng.random((candidates, pairs)) < 1 / (1 + np.exp(-slope * (ability[:, None] - difficulty)))).astype(
        int
    )
    found = girth.twopl_mml(verdicts.T)
    return {
        "true_slope": np.round(slope, 4).tolist(),
        "verdicts": text(verdicts),
        "slope": np.round(found["Discrimination"], 6).tolist(),
        "difficulty": np.round(found["Difficulty"], 6).tolist(),
    }


def main() -> None:
    """Write the file."""
    rng = np.random.default_rng(SEED)
    made = {
        "made_by": "benchmarks/stats/girth_golden.py",
        "seed": SEED,
        "versions": {name: version(name) for name in ("girth", "numpy", "scipy")},
        "rasch": [rasch(10, 1500, 1.1, rng), rasch(6, 400, 0.6, rng)],
        "two_parameters": two_parameters(400, 100, rng),
    }
    Path(sys.argv[1]).write_text(json.dumps(made, indent=1) + "\n")


if __name__ == "__main__":
    main()
