"""What can be wrong with a model folder, each as a named problem with a way out.

Everything here reads small files and headers of folders that nobody vouches for; nothing is loaded or run.
"""

from __future__ import annotations

import fnmatch
import importlib.util
import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from engine.candidates.architectures import ENCODERS, causal_model_types, nested_model_types
from engine.candidates.headers import INDEX, SINGLE, HeaderFault, Tensor, read_weights, unnamed_shards
from engine.candidates.parts import UNQUANTISED, oddities
from engine.candidates.untrusted import CONFIG_BYTES, POINTED, Unreadable, is_pointer, read_object, regular_size, shown
from engine.candidates.vocabulary import beyond
from rubrics.counted import count

__all__ = [
    "Problem",
    "about_adapter",
    "about_head",
    "about_kind",
    "about_path",
    "has_pickled",
    "read_config",
    "read_tensors",
    "read_tokenizer",
]

_TOKENIZER_CONFIG_BYTES = 16_000_000

_NO_END = 2**62

_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.pickle")
_NOT_WEIGHTS = ("training_args.bin", "optimizer.*", "scheduler.*", "rng_state*", "*tokenizer*")
_NOT_CAUSAL = (
    "ForMaskedLM",
    "ForSequenceClassification",
    "ForTokenClassification",
    "ForQuestionAnswering",
    "ForMultipleChoice",
)


class Problem(NamedTuple):
    """Something about a folder that a person should know."""

    code: str
    """no_weights, pickled_only, remote_code, no_tokenizer, encoder, unsupported, no_head, quantized, adapter,
    not_causal, vocabulary, chat_template, truncated, unsafe_header, ambiguous, no_config, bad_config, bad_path or, of
    a server, unreachable; what only the model libraries tell: unfit, tokens or noted; another candidate is the same
    model: same."""
    refused: bool
    """Whether it keeps the candidate from being scored."""
    what: str
    fix: str


def about_path(folder: Path) -> list[Problem]:
    """What is wrong with where a folder lies: its path is written down with its results, as text."""
    try:
        str(folder).encode()
    except UnicodeEncodeError:
        return [Problem("bad_path", True, "its path is not UTF-8", "rename the folder, or a folder above it")]
    return []


def read_config(folder: Path, names: Collection[str]) -> tuple[dict[str, Any], list[Problem]]:
    fetch = "fetch the model again, with its config.json"
    if "config.json" not in names:
        return {}, [Problem("no_config", True, "has no config.json", fetch)]
    try:
        config = read_object(folder / "config.json", CONFIG_BYTES)
    except Unreadable as error:
        return {}, [Problem("bad_config", True, f"config.json {error}", error.fix or fetch)]
    if not isinstance(config.get("model_type"), str):
        return config, [Problem("bad_config", True, "config.json does not name its model_type", fetch)]
    if config.get("transformers_weights") is not None:
        what = "config.json names a weights file of its own (transformers_weights)"
        return config, [Problem("bad_config", True, what, f"rename that file to {SINGLE} and drop the entry")]
    return config, []


def about_kind(config: Mapping[str, Any], model_type: str, architecture: str) -> list[Problem]:
    """What the config says that keeps this from being a causal language model we can load."""
    what_it_is = architecture or model_type
    other = "choose a decoder-only language model"
    if config.get("is_encoder_decoder") is True:
        return [Problem("encoder", True, f"{what_it_is} is an encoder-decoder, not a causal language model", other)]
    if model_type in ENCODERS and config.get("is_decoder") is not True:
        return [Problem("encoder", True, f"{what_it_is} is an encoder, which gives no likelihood of a text", other)]
    if architecture.endswith(_NOT_CAUSAL):
        return [Problem("encoder", True, f"{architecture} does not predict the next token", other)]
    problems = _about_direction(config)
    if method := _quantisation(config):
        problems.append(Problem("quantized", True, f"its weights are stored quantised ({method})", UNQUANTISED))
    loadable = causal_model_types()
    if model_type and model_type not in loadable and model_type not in nested_model_types():
        if isinstance(config.get("auto_map"), Mapping):
            problems.append(_remote_code("its model code comes with the weights and would run on this machine"))
        elif loadable and isinstance(text := config.get("text_config"), Mapping):
            problems.append(_nested(what_it_is, text, loadable))
        elif loadable:
            what = f"the installed transformers has no causal language model of type {model_type!r}"
            problems.append(Problem("unsupported", True, what, "update transformers, or choose another model"))
    return problems


def _nested(name: str, text: Mapping[str, Any], loadable: Collection[str]) -> Problem:
    """A decoder inside a model that sees or hears, which transformers does not load as a language model."""
    kind = shown(text.get("model_type") or "unnamed", 40)
    what = f"{name} holds its decoder ({kind}) among other parts, and transformers loads no language model from it"
    own = f" ({kind.removesuffix('_text')} is a type that is scored)" * (kind.removesuffix("_text") in loadable)
    fix = f"save the decoder alone, its language_model and lm_head, with text_config as config.json{own}"
    return Problem("unsupported", True, what, fix)


def _quantisation(config: Mapping[str, Any]) -> str:
    """The method that a config names, by any of the entries that programs write; empty where it names none."""
    text = config.get("text_config")
    for part in (config, text if isinstance(text, Mapping) else {}):
        for entry in ("quantization_config", "compression_config", "quantization"):
            if isinstance(settings := part.get(entry), Mapping):
                named = settings.get("quant_method") or settings.get("quant_algo") or settings.get("mode")
                bits = f"{settings['bits']} bits" if type(settings.get("bits")) is int else ""
                return shown(named or bits or "unnamed method", 40)
    return ""


def _about_direction(config: Mapping[str, Any]) -> list[Problem]:
    """What a config says of its attention; whether the model heeds it is tried out on the model before it is scored."""
    text = config.get("text_config")
    for part in (config, text if isinstance(text, Mapping) else {}):
        ahead = part.get("use_bidirectional_attention") in (True, "all")
        if ahead or part.get("is_causal") is False:
            name = "use_bidirectional_attention" if ahead else "is_causal"
            what = f"config.json says that it reads in both directions ({name}), as embedding models do"
            fix = "choose a causal language model; what it does is tried out, and none that reads ahead is scored"
            return [Problem("not_causal", False, what, fix)]
    return []


def _remote_code(what: str) -> Problem:
    return Problem("remote_code", True, what, "read that code; if you trust it, allow remote code for this model")


def about_adapter(folder: Path, names: Collection[str]) -> Problem:
    """Adapters are refused: what would be scored is the base model with a change that is not in the weights hash."""
    try:
        base = read_object(folder / "adapter_config.json", CONFIG_BYTES).get("base_model_name_or_path")
    except Unreadable as error:
        return Problem("adapter", True, f"adapter_config.json {error}", "fetch the adapter again, and merge it")
    if SINGLE in names or INDEX in names:
        what = "holds an adapter beside full weights, so that it is unclear which is meant"
        return Problem("adapter", True, what, "move the adapter files elsewhere, or merge them into the weights")
    if isinstance(base, str) and base:
        fix = "merge it into its base first (peft: merge_and_unload, then save_pretrained)"
        return Problem("adapter", True, f"is an adapter for {shown(base, 80)}, not a model", fix)
    fix = "find the base it was trained on, and merge it (peft: merge_and_unload, then save_pretrained)"
    return Problem("adapter", True, "is an adapter that does not name its base", fix)


def read_tokenizer(folder: Path, names: Collection[str], rows: int) -> tuple[str, list[Problem]]:
    """Kind of the tokenizer, and what is wrong with it or odd about it.

    Args:
        rows: of the model's embedding; 0 where that is not known.
    """
    settings: dict[str, Any] = {}
    problems: list[Problem] = []
    if "tokenizer_config.json" in names:
        try:
            settings = read_object(folder / "tokenizer_config.json", _TOKENIZER_CONFIG_BYTES)
        except Unreadable as error:
            fix = error.fix or "fetch the tokenizer again"
            problems.append(Problem("no_tokenizer", True, f"tokenizer_config.json {error}", fix))
    kind = ""
    if "tokenizer.json" in names:
        kind = "tokenizer.json"
        if (fault := _fault(folder / kind)) is not None:
            fix = fault.fix or "fetch the tokenizer again"
            problems.append(Problem("no_tokenizer", True, f"{kind} {fault}", fix))
    elif isinstance(own := settings.get("auto_map"), list) or (isinstance(own, Mapping) and "AutoTokenizer" in own):
        kind = "remote code"
        problems.append(_remote_code("its tokenizer is code that comes with the weights and would run on this machine"))
    elif {"vocab.json", "merges.txt"} <= set(names):
        kind = "vocab.json + merges.txt"
    elif "tokenizer.model" in names:
        kind = "SentencePiece"
        if importlib.util.find_spec("sentencepiece") is None:
            what = "has its tokenizer only as tokenizer.model, which needs the package sentencepiece"
            fix = "install sentencepiece beside this program, or add a tokenizer.json (AutoTokenizer … save_pretrained)"
            problems.append(Problem("no_tokenizer", True, what, fix))
    else:
        fix = "copy tokenizer.json and tokenizer_config.json from the model's source"
        problems.append(Problem("no_tokenizer", True, "has no tokenizer", fix))
    if not problems:
        problems += _about_vocabulary(folder, names, rows)
    if settings.get("chat_template") or {"chat_template.jinja", "chat_template.json"} & set(names):
        what = "has a chat template: it may have been post-trained, not be a base model"
        problems.append(Problem("chat_template", False, what, "check its model card"))
    named = settings.get("tokenizer_class")
    return (shown(named, 60) if kind and isinstance(named, str) and named else kind), problems


def _fault(file: Path) -> Unreadable | None:
    """Why the tokenizer's file is none."""
    try:
        if regular_size(file) < 2:
            return Unreadable("is empty")
        with file.open("rb") as source:
            return Unreadable(*POINTED) if is_pointer(source.read(64)) else None
    except Unreadable as error:
        return error
    except OSError as error:
        return Unreadable.of(error)


def _about_vocabulary(folder: Path, names: Collection[str], rows: int) -> list[Problem]:
    try:
        tokens = beyond(folder, names, rows or _NO_END)
    except Unreadable as error:
        return [Problem("no_tokenizer", True, str(error), "fetch the tokenizer again")]
    if not tokens:
        return []
    named = ", ".join(shown(token, 40) for token in tokens[:3]) + (", …" if len(tokens) > 3 else "")
    what = f"its tokenizer knows {count(len(tokens), 'token')} ({named}) beyond the {rows:,} rows of its embedding"
    return [Problem("vocabulary", False, what, "pairs that need one are skipped; see that the two belong together")]


def read_tensors(folder: Path, names: Collection[str]) -> tuple[tuple[Tensor, ...], list[Problem]]:
    """The tensors of the model, or why there are none."""
    again = "fetch the model again; the file on this machine is damaged or incomplete"
    try:
        tensors = read_weights(folder)
    except HeaderFault as error:
        return (), [Problem(error.code, True, str(error), error.fix or again)]
    except OSError as error:
        return (), [Problem("no_weights", True, f"cannot be read ({error.strerror})", "check its access rights")]
    if tensors:
        found = [Problem(odd.code, True, odd.what, odd.fix) for odd in oddities(tensors, _method(folder, names))]
        return tensors, found + _about_others(folder)
    if state := _training_state(folder, names):
        fix = "convert it first (zero_to_fp32.py of DeepSpeed, `accelerate merge-weights` for FSDP), to safetensors"
        return (), [Problem("no_weights", True, f"holds the state of a training ({state}), and no weights", fix)]
    if has_pickled(names):
        what = "has its weights only in pickled files, which can run any code when they are opened"
        return (), [Problem("pickled_only", True, what, "get or make a safetensors version of the model")]
    others = sorted(name for name in names if name.endswith((".safetensors", ".gguf")))
    what = f"has no {SINGLE} and no {INDEX}" + (f", only {shown(others[0], 60)}" if others else "")
    return (), [Problem("no_weights", True, what, "fetch the model again, with its safetensors weights")]


def _about_others(folder: Path) -> list[Problem]:
    """What lies there like a part of the weights, and is none."""
    others = unnamed_shards(folder)
    if not others:
        return []
    what = f"shards that no index names are not read: {', '.join(shown(name, 60) for name in others[:3])}"
    return [Problem("noted", False, what, "see that all shards of this model, and no others, are in its index")]


def _method(folder: Path, names: Collection[str]) -> str:
    """What a file of its own says of how weights were quantised."""
    for name in ("quantize_config.json", "quant_config.json", "hf_quant_config.json"):
        if name in names:
            return name
    return ""


_STATE = ("*_optim_states.pt", "*_model_states.pt", "*.distcp")


def _training_state(folder: Path, names: Collection[str]) -> str:
    """A file of what DeepSpeed and FSDP keep of a model that lies on several devices, here or a folder below."""
    for name in sorted(names):
        if _matches(name, _STATE):
            return shown(name, 60)
        try:
            below = sorted(os.listdir(folder / name)) if (folder / name).is_dir() else []
        except OSError:
            continue
        if (state := next((file for file in below if _matches(file, _STATE)), None)) is not None:
            return f"{shown(name, 40)}/{shown(state, 60)}"
    return ""


def about_head(config: Mapping[str, Any], vocab: int, tensors: Iterable[Tensor]) -> list[Problem]:
    """A model that does not share its embedding with its output needs two matrices over the vocabulary; if the second
    is missing, a loader fills it with random numbers."""
    if config.get("tie_word_embeddings") is not False or not vocab:
        return []
    if sum(vocab in tensor.shape and len(tensor.shape) == 2 for tensor in tensors) >= 2:
        return []
    what = "has no output head among its weights: loading it would fill one with random numbers"
    return [Problem("no_head", True, what, "fetch the version for causal language modelling")]


def has_pickled(names: Iterable[str]) -> bool:
    return any(_matches(name, _PICKLED) and not _matches(name, _NOT_WEIGHTS) for name in names)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
