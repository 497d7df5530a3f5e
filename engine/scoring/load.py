"""A model folder or GGUF file as a model in memory, at a precision, on a device; and the facts of how it came to be."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from engine.jobs.child import is_out_of_memory
from engine.machine import kernels
from engine.machine.kernels import QUANTISED, Precision
from engine.scoring import matmul
from engine.scoring.source import Source, source_of
from engine.scoring.weights import checked
from rubrics.errors import BadInput, CandidateError, RudeError

__all__ = ["LoadedModel", "load_model", "opening"]


@dataclass
class LoadedModel:
    """A causal language model that is ready to score."""

    model: Any
    precision: Precision
    attention: str
    """The model's own attention implementation, as transformers names it."""
    facts: dict[str, Any]
    """How it was loaded and on what, for the record of a run; plain values only."""
    notes: tuple[str, ...] = ()
    """What a reader of its numbers should know: which tensors are left out."""


def load_model(
    folder: str | Path,
    precision: Precision,
    device: str,
    *,
    attention: str = "auto",
    threads: int | None = None,
    trust_remote_code: bool = False,
) -> LoadedModel:
    """Load safetensors weights from a folder, or a GGUF file; never from the network, never another program's code
    unless told so.

    Args:
        device: `cpu`, `cuda`, `cuda:N`, `auto` (a GPU if there is one) or `cuda:all` (layers spread over all GPUs).
        attention: implementation used where prefixes cannot be shared; of `auto`, sdpa, or the model's own default if
            it lacks that.
        threads: CPU threads; None leaves it to PyTorch, which takes all cores.

    Raises:
        BadInput: there is no such device.
        CandidateError: the weights are missing, damaged, incomplete, not those that config.json describes, or not
            those of a causal language model; or the attention asked for cannot be had.
    """
    if threads:
        torch.set_num_threads(threads)
    place = _device_map(device)
    where = str(folder)
    with opening(where), source_of(Path(folder)) as source:
        found = checked(source, trust_remote_code=trust_remote_code)
        model = _open(found.auto, source, precision, place, attention, trust_remote_code)
    places = {str(place) for place in getattr(model, "hf_device_map", {}).values()}
    if place == "auto" and places & {"cpu", "disk"}:
        # It would run, moving weights to and fro for every pass.
        raise CandidateError(
            "it does not fit the GPUs, all of them together", where=where, fix="choose a smaller precision"
        )
    model.eval()
    used = str(getattr(model.config, "_attn_implementation", None) or "eager")
    if attention != "auto":
        _assert_attends(model, attention, used, where)
    facts = _facts(model, precision, used)
    facts["matmul"] = matmul.use(model, kernels.matmul_for(model.get_input_embeddings().weight.device.type, precision))
    return LoadedModel(model, precision, used, facts, tuple(found.notes))


def _assert_attends(model: Any, requested: str, used: str, where: str) -> None:
    """transformers may take another kernel without a word, and some fail only once they run."""
    if used != requested:
        raise _no_attention(requested, f"transformers takes {used} instead", where)
    if requested in ("sdpa", "eager"):
        return
    try:
        with torch.inference_mode():
            model(torch.zeros(1, 2, dtype=torch.long, device=model.get_input_embeddings().weight.device))
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise _no_attention(requested, f"{type(error).__name__}: {error}", where) from error


def _no_attention(requested: str, why: object, where: str) -> CandidateError:
    return CandidateError(
        f"its attention cannot be {requested} here ({' '.join(str(why).split())[:200]})",
        where=where,
        fix="leave the attention to the program, or name another (sdpa, eager)",
        shell="--attention auto",
    )


def _device_map(device: str) -> str | dict[str, str]:
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda:all":
        if not torch.cuda.is_available():
            raise BadInput(
                "cuda:all is not there: no GPU is visible to PyTorch", fix="use the CPU", shell="--device cpu"
            )
        return "auto"
    if device == "cpu":
        return {"": "cpu"}
    kind, _, number = device.partition(":")
    if kind != "cuda" or (number and not number.isdecimal()):
        raise BadInput(f"{device!r} is not a device", fix="use auto, cpu, cuda, cuda:N or cuda:all")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if int(number or 0) >= count:
        seen = "no GPU is visible to PyTorch" if count == 0 else f"only {count} GPUs are visible to PyTorch"
        raise BadInput(
            f"{device} is not there: {seen}",
            fix="use the CPU, or install a PyTorch for your GPU",
            shell="--device cpu",
        )
    return {"": f"cuda:{int(number or 0)}"}


def _open(
    auto: Any,
    source: Source,
    precision: Precision,
    place: str | dict[str, str],
    attention: str,
    trust_remote_code: bool,
) -> Any:
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    options: dict[str, Any] = {
        "dtype": torch.float32 if precision == "fp32" else torch.bfloat16,
        "device_map": place,
        "local_files_only": True,
        "use_safetensors": True,
        "trust_remote_code": trust_remote_code,
    }
    if precision in QUANTISED:
        options["quantization_config"] = _quantisation(precision)
    on_cpu = place == {"": "cpu"}
    try:
        with source.opened(on_cpu):
            kernel = kernels.attention_for(attention)
            return auto.from_pretrained(source.folder, attn_implementation=kernel, **options)
    except (ValueError, ImportError) as error:
        if "attn" not in str(error) and "attention" not in str(error).lower():
            raise
        if attention != "auto":
            raise _no_attention(attention, error, source.where) from error
        # This architecture lacks the asked implementation; its own default will do.
        with source.opened(on_cpu):
            return auto.from_pretrained(source.folder, **options)


@contextlib.contextmanager
def opening(where: str) -> Iterator[None]:
    """Within it, what transformers says of a folder that it cannot load is said as one error about that folder.

    Raises:
        CandidateError: it cannot be loaded.
    """
    from safetensors import SafetensorError

    try:
        yield
    except SafetensorError as error:
        raise CandidateError(
            f"its weights are damaged ({error})", where=where, fix="download the .safetensors files again"
        ) from error
    except RudeError:
        raise
    except Exception as error:  # a config or a file that is not as it should be raises almost anything
        if is_out_of_memory(error):
            raise
        text = " ".join(str(error).split())[:300]
        # An entry that a table lacks is all that such an error says.
        text = f"unknown: {text}" if isinstance(error, KeyError) and " " not in text else text
        raise CandidateError(
            f"it cannot be loaded as a causal language model ({text})",
            where=where,
            fix="the folder needs config.json and .safetensors weights of a decoder that transformers knows",
        ) from error


def _quantisation(precision: Precision) -> Any:
    from transformers import BitsAndBytesConfig

    try:
        metadata.version("bitsandbytes")
    except metadata.PackageNotFoundError:
        raise BadInput(f"{precision} needs bitsandbytes", fix="install bitsandbytes, or use bf16") from None
    if precision == "int8":
        # On a CPU it says at every layer of every pass that it casts to float16.
        logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=torch.bfloat16,
        bnb_4bit_use_double_quant=True,
    )


def _facts(model: Any, precision: Precision, attention: str) -> dict[str, Any]:
    device = model.get_input_embeddings().weight.device
    facts: dict[str, Any] = {
        "precision": precision,
        "dtype": str(model.dtype).removeprefix("torch."),
        "attention": attention,
        "device": str(device),
        "device_name": torch.cuda.get_device_name(device) if device.type == "cuda" else kernels.processor(),
        "threads": torch.get_num_threads(),
        "parameters": sum(p.numel() for p in model.parameters()),
        "weights_bytes": int(model.get_memory_footprint()),
    }
    for package in ("torch", "transformers", "bitsandbytes"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            facts[package] = metadata.version(package)
    return facts
