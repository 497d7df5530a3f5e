"""What a person asks of a construction: files, models, settings. Travels to another process as plain JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.candidates.server import Patience
from engine.construct.estimate import CostEstimate, Price, estimate
from engine.construct.pipeline import Construction
from engine.construct.settings import Running, Settings
from engine.construct.spec import ModelSpec
from engine.store.connection import Store
from rubrics.errors import BadInput
from rubrics.prompts import read_prompts

__all__ = ["ConstructRequest"]


@dataclass(frozen=True)
class ConstructRequest:
    """Everything that is asked for."""

    prompts: Path
    """JSON lines, a prompt with its criteria each."""
    output: Path
    """The suite file to write."""
    settings: Settings
    running: Running
    limit: int | None = None
    """Only the first so many prompts."""
    generator_price: Price = field(default_factory=Price)
    verifier_price: Price = field(default_factory=Price)

    def construction(self) -> Construction:
        """What is to be made; the prompts are read.

        Raises:
            BadInput: something given cannot be used.
        """
        self.settings.check()
        if not self.output.parent.is_dir():
            raise BadInput("no such folder", where=str(self.output.parent), fix="make it first")
        if self.output.suffix != ".jsonl":
            fix = f"name it {self.output.with_suffix('.jsonl')}"
            raise BadInput("a suite file ends in .jsonl", where=str(self.output), fix=fix)
        return Construction(self.settings, tuple(read_prompts(self.prompts)[: self.limit]), self.output)

    def estimate(self, store: Store) -> CostEstimate:
        """What it will cost; asks nothing.

        Raises:
            BadInput: something given cannot be used.
        """
        return estimate(
            store, self.settings, self.construction().prompts, concurrency=self.running.concurrency,
            generator_price=self.generator_price, verifier_price=self.verifier_price,
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; holds no secret, only names of variables. Paths become absolute."""
        return {
            **asdict(self), "prompts": str(self.prompts.absolute()), "output": str(self.output.absolute()),
        }  # fmt: skip

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> ConstructRequest:
        """What `to_json` gave."""
        chosen, running = values["settings"], values["running"]
        settings = Settings(
            ModelSpec(**chosen["generator"]), tuple(ModelSpec(**spec) for spec in chosen["verifiers"]),
            **{name: value for name, value in chosen.items() if name not in ("generator", "verifiers", "violations")},
        )  # fmt: skip
        return cls(
            Path(values["prompts"]),
            Path(values["output"]),
            replace(settings, violations=tuple(chosen["violations"])),
            Running(**{
                **running, "verifier_keys": tuple(running["verifier_keys"]),
                "patience": Patience(**running["patience"]),
            }),
            values["limit"],
            Price(**values["generator_price"]),
            Price(**values["verifier_price"]),
        )  # fmt: skip
