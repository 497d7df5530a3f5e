"""What is known of a candidate before it is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.candidates.problems import Problem
from engine.candidates.shape import Shape

__all__ = ["Candidate", "Served"]


@dataclass(frozen=True)
class Served:
    """A model as its server tells of it. Holds no secret: what is in here may be stored and shown."""

    address: str
    """`http://HOST:PORT/v1#NAME`."""
    key_variable: str = ""
    """Environment variable that holds the server's key."""
    engine: str = ""
    """vllm, sglang, llamacpp, …, as the server calls itself; empty where it does not."""
    version: str = ""
    root: str = ""
    """What the server says that it loaded: a folder of its own, or a hub id."""
    fingerprint: tuple[float, ...] = ()
    """Log-probabilities, nats, of the tokens of fixed texts: what tells its weights from others under the same name.
    Empty until the server has been asked."""
    spread: float = 0.0
    """Mean difference of that to the same asked in another company, nats a token."""

    @property
    def name(self) -> str:
        """The name it is served under."""
        return self.address.partition("#")[2]

    @property
    def identity(self) -> dict[str, Any]:
        """What decides its numbers, as plain values: not where it is asked, which changes with every start."""
        return {
            "engine": self.engine, "version": self.version, "name": self.name, "root": self.root,
            "fingerprint": list(self.fingerprint),
        }  # fmt: skip


@dataclass(frozen=True)
class Candidate:
    """One model folder, as its config, tokenizer files and safetensors headers describe it; one GGUF file; or one model
    that a server holds."""

    path: Path
    """The folder, or the GGUF file (the first where a model is split); of a served one, where its tokenizer is."""
    name: str
    """Name of the folder or file, with ORG/MODEL where it is in the Hugging Face cache; free of control codes."""
    architecture: str
    """Class name in the config, or empty."""
    model_type: str
    parameters: int
    """Elements of the decoder's weights, tied ones once; buffers such as attention masks are left out, and so are parts
    beside the decoder."""
    weight_bytes: int
    """Bytes of all tensors as stored."""
    dtype: str
    """bf16, fp16, q8_0, …: what at least nine tenths of the bytes are stored in, else `mixed`; in a GGUF file what most
    are."""
    context: int | None
    """Longest sequence in tokens; None where none is stated."""
    tokenizer: str
    """Its class, or the kind of its file; empty where there is none."""
    vocab_size: int
    shape: Shape
    linear_parameters: int
    """Elements that quantisation covers: matrices other than embeddings, output head and fused experts."""
    largest_tensor: int
    """Elements of the largest tensor."""
    revision: str | None
    """Commit of a snapshot in the Hugging Face cache."""
    problems: tuple[Problem, ...]
    beside: int = 0
    """Elements of parts beside the decoder, which may be loaded with it."""
    stored: str = ""
    """How a GGUF file stores its tensors, and how many so; empty for a folder."""
    served: Served | None = None
    """What its server says of it; None where its weights are on this machine."""

    @property
    def place(self) -> str:
        """Where it is, as a person names it: its folder or file, or the address of a served one."""
        return str(self.path) if self.served is None else self.served.address

    @property
    def usable(self) -> bool:
        """Whether it can be scored."""
        return not any(problem.refused for problem in self.problems)

    @property
    def runs_own_code(self) -> bool:
        """Whether code that comes with it is run when it is loaded, which a person has allowed."""
        return self.usable and any(problem.code == "remote_code" for problem in self.problems)
