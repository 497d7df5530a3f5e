"""Ten steps of LoRA on a few demonstrations: losses of others before and after, and how gradients agree."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from engine.jobs.child import Events, Gate
from engine.posttrain.extra import lacking
from engine.posttrain.train import linear_layers
from engine.scoring.assays.items import Meter, items_of, metered
from engine.scoring.checked import load_checked
from engine.scoring.matmul import with_gradients
from engine.scoring.tokenizer import HubTokenizer, open_tokenizer
from engine.scoring.traces import encoded_within
from rubrics.counted import count
from rubrics.errors import CandidateError

__all__ = ["Demonstration", "gradient", "loss_of", "measure_micro"]


class Demonstration(NamedTuple):
    """A prompt and its response as ids."""

    ids: torch.Tensor
    """(tokens,)."""
    start: int
    """Where the response begins."""


def measure_micro(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
    """Measure what a message asks for: `advanced` with the step or the demonstration at hand, and the event `items` at
    the end, since each item rests on the whole training.

    Args:
        message: as `engine.predictors.assays.job` writes it, with `demonstrations`, `steps`, `rate`, `rank` and `seed`
            among its settings.

    Raises:
        RudeError: PEFT is not installed.
        CandidateError: a precision that cannot be trained, or too few demonstrations fit its context.
    """
    try:
        import peft  # noqa: F401
    except ImportError:
        raise lacking("peft") from None
    if message["precision"] not in ("fp32", "bf16"):
        raise CandidateError(
            f"is not trained at {message['precision']}", where=message["model"], fix="choose fp32 or bf16"
        )
    events.send("phase", phase="tokenising")
    encoder = open_tokenizer(Path(message["model"]), trust_remote_code=message["trust_remote_code"])
    settings, items, context = message["settings"], items_of(message), message["context"]
    own = [encoded(encoder, *both) for both in settings["demonstrations"]]
    # Each response to the next prompt: every response once, none to its own.
    prompts, responses = zip(*settings["demonstrations"], strict=True)
    dealt = [encoded(encoder, *both) for both in zip(prompts, (*responses[1:], responses[0]), strict=True)]
    held = [encoded(encoder, *item.payload) for item in items]
    if context is not None and max(len(one.ids) for one in (*own, *dealt, *held)) > context:
        raise CandidateError("a demonstration is longer than its context", where=message["model"], fix="leave it out")
    events.send("phase", phase="loading")
    loaded = load_checked(message)
    with_gradients(loaded.model)
    events.send("phase", phase="training")
    device = loaded.model.get_input_embeddings().weight.device
    with metered(message, events, device) as meter:
        model = _adapted(loaded.model, settings)
        adapter = {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}
        before = [loss_of(model, one, meter) for one in _told(held, "loss before the steps", events)]
        toward, toward_dealt = gradient(model, own, meter), gradient(model, dealt, meter)
        alone = [gradient(model, [one], meter) for one in _told(held, "gradient", events)]
        after = []
        for demonstrations, which in ((own, ""), (dealt, ", responses dealt out")):
            with torch.no_grad():
                for name, parameter in model.named_parameters():
                    if name in adapter:
                        parameter.copy_(adapter[name])
            for _ in _trained(model, demonstrations, settings, meter, which, events):
                gate.wait("training")
            after.append([loss_of(model, one, meter) for one in _told(held, f"loss after the steps{which}", events)])
    rows = [
        item.row({
            "before": before[at], "after": after[0][at], "after dealt": after[1][at],
            "bytes": float(len(item.payload[1].encode())), "alignment": _cosine(alone[at], toward),
            "alignment dealt": _cosine(alone[at], toward_dealt),
        })
        for at, item in enumerate(items)
    ]  # fmt: skip
    events.send("items", rows=rows)
    events.send("notes", notes=list(loaded.notes))


def encoded(encoder: HubTokenizer, prompt: str, response: str) -> Demonstration:
    """A demonstration as ids, with a boundary of tokens between prompt and response."""
    head = [*encoder.prefix, *encoded_within(encoder, prompt)]
    return Demonstration(torch.tensor([*head, *encoded_within(encoder, response)]), len(head))


def loss_of(model: Any, one: Demonstration, meter: Meter) -> float:
    """−log-likelihood of a response, nats, summed over its tokens."""
    meter.add(tokens=len(one.ids))
    with torch.no_grad():
        return float(_nats(model, one))


def gradient(model: Any, demonstrations: Sequence[Demonstration], meter: Meter) -> np.ndarray[Any, Any]:
    """Of the mean loss a token of these demonstrations, in the parameters of the adapter, (parameters,)."""
    model.zero_grad()
    for one in demonstrations:
        meter.add(trained=len(one.ids))
        loss = _nats(model, one) / (len(one.ids) - one.start) / len(demonstrations)
        loss.backward()  # type: ignore[no-untyped-call]
    parts = [p.grad.flatten().double().cpu() for p in model.parameters() if p.requires_grad and p.grad is not None]
    flat: np.ndarray[Any, Any] = torch.cat(parts).numpy()
    return flat


def _told(held: Sequence[Demonstration], what: str, events: Events) -> Iterator[Demonstration]:
    """One demonstration after the other, each told of before it is looked at."""
    for number, one in enumerate(held, 1):
        _tell(events, f"{what}, {number} of {count(len(held), 'demonstration')}")
        yield one


def _tell(events: Events, stage: str) -> None:
    # No item is done before the last loss is known, so what goes on is told in words.
    events.send("advanced", changes={"stage": stage})


def _trained(
    model: Any, demonstrations: Sequence[Demonstration], settings: Mapping[str, Any], meter: Meter, which: str,
    events: Events,
) -> Iterator[int]:  # fmt: skip
    """Take the steps, each on all demonstrations; gives way after each."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=settings["rate"], weight_decay=0.0)
    for step in range(settings["steps"]):
        _tell(events, f"step {step + 1} of {settings['steps']}{which}")
        gradient(model, demonstrations, meter)
        optimiser.step()
        yield step


def _nats(model: Any, one: Demonstration) -> torch.Tensor:
    ids = one.ids.to(model.get_input_embeddings().weight.device)
    logits = model(input_ids=ids[None], use_cache=False).logits[0, one.start - 1 : -1].float()
    return torch.nn.functional.cross_entropy(logits, ids[one.start :], reduction="sum")


def _adapted(model: Any, settings: Mapping[str, Any]) -> Any:
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(settings["seed"])
    rank = settings["rank"]
    lora = LoraConfig(
        r=rank, lora_alpha=2 * rank, lora_dropout=0.0, target_modules=linear_layers(model), task_type="CAUSAL_LM"
    )
    with warnings.catch_warnings():
        # PEFT 0.21 asks transformers 5.23 by names that it is about to drop.
        warnings.filterwarnings("ignore", category=FutureWarning)
        return get_peft_model(model, lora).eval()


def _cosine(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))
