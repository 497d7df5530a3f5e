"""Memory estimates against sums done by hand, and the choice of a precision."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.candidates.find import Candidate, find
from engine.candidates.shape import Shape
from engine.machine.budgets import KEPT_BYTES
from engine.machine.devices import Device
from engine.machine.kernels import PRECISIONS
from engine.machine.precision import START_BYTES, estimate, fits
from engine.machine.sizes import bytes_of, human_bytes
from rubrics.errors import BadInput

GB = 1 << 30

# Qwen3-4B: https://huggingface.co/Qwen/Qwen3-4B-Base/blob/main/config.json
SHAPE = Shape(
    layers=36, heads=32, kv_heads=8, head_dim=128, hidden=2560, intermediate=9728, context=32768, vocab=151936
)
QUERY_AND_OUTPUT = 2 * 2560 * 32 * 128
KEY_AND_VALUE = 2 * 2560 * 8 * 128
LINEAR = 36 * (QUERY_AND_OUTPUT + KEY_AND_VALUE + 3 * 2560 * 9728)
NORMS = 36 * (2 * 2560 + 2 * 128) + 2560
FOUR_B = Candidate(
    path=Path("/models/qwen3-4b"),
    name="qwen3-4b",
    architecture="Qwen3ForCausalLM",
    model_type="qwen3",
    parameters=LINEAR + NORMS + 151936 * 2560,
    weight_bytes=2 * (LINEAR + NORMS + 151936 * 2560),
    dtype="bf16",
    context=32768,
    tokenizer="Qwen2Tokenizer",
    vocab_size=151936,
    shape=SHAPE,
    linear_parameters=LINEAR,
    largest_tensor=151936 * 2560,
    revision=None,
    problems=(),
)


def device(free: float, kind: str = "cuda") -> Device:
    return Device(kind, 0, "a device", 2 * int(free), int(free))


@pytest.fixture(autouse=True)
def _bitsandbytes(monkeypatch: pytest.MonkeyPatch) -> None:
    have_bitsandbytes(monkeypatch, True)
    # What is estimated depends on the processor; here it is one that multiplies bf16 numbers itself.
    monkeypatch.setattr("engine.machine.precision.matmul_for", lambda *_: "default")


def have_bitsandbytes(monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    real = importlib.util.find_spec
    answer = real("json") if there else None
    monkeypatch.setattr("importlib.util.find_spec", lambda name: answer if name == "bitsandbytes" else real(name))


def test_the_example_is_the_model_it_says() -> None:
    assert FOUR_B.parameters == 4_022_468_096


@pytest.mark.parametrize(
    "precision, weights",
    [
        ("fp32", 4 * 4_022_468_096),
        ("bf16", 2 * 4_022_468_096),
        ("int8", LINEAR + LINEAR * 4 / 2560 + 2 * (4_022_468_096 - LINEAR)),
        ("nf4", LINEAR * (4 + 8 / 64 + 32 / (64 * 256)) / 8 + 2 * (4_022_468_096 - LINEAR)),
    ],
)
def test_weights_make_up_most_of_a_short_pass(precision: str, weights: float) -> None:
    found = estimate(FOUR_B, precision, context_tokens=1, budget_tokens=1)  # type: ignore[arg-type]
    # A single token needs next to nothing; loading converts one tensor at a time.
    start = START_BYTES["cpu"] + (45 << 20 if precision in ("int8", "nf4") else 0)
    assert found == pytest.approx(start + weights + 4 * 151936 * 2560, rel=1e-6)


def test_on_a_cpu_logits_come_on_top_of_what_a_layer_takes() -> None:
    model = replace(FOUR_B, largest_tensor=0)
    few, many = (estimate(model, "bf16", context_tokens=1, budget_tokens=n) for n in (128, 2048))
    # By hand, in bytes a token: residual twice and its norm, three feed-forward rows. Logits are at their cap twice.
    residual, feed_forward = 2560 * (2 + 2 + 4), 9728 * 3 * 2
    mask = 2 * (2048 * 2049 - 128 * 129)
    assert many - few == 1920 * (residual + feed_forward) + mask


def test_what_lies_between_products_of_bf16_numbers_is_in_it_as_fp32_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    model = replace(FOUR_B, largest_tensor=0)
    plain = estimate(model, "bf16", context_tokens=1, budget_tokens=1024)
    monkeypatch.setattr("engine.machine.precision.matmul_for", lambda *_: "wide")
    # Two bytes more for each number: the residual twice, three feed-forward rows, keys and values; and 4 Mi weights.
    between, kept = 2 * 1024 * (2 * 2560 + 3 * 9728), 2 * 2 * 36 * 8 * 128
    assert estimate(model, "bf16", context_tokens=1, budget_tokens=1024) - plain == between + kept + 4 * 2**22
    monkeypatch.setattr("engine.machine.precision.matmul_for", lambda *_: "mixed")
    # Keys and values stay as they are multiplied; what goes into a product, and comes out of it, is there in bf16 too.
    rounded = 2 * 1024 * (2560 + 9728)
    assert estimate(model, "bf16", context_tokens=1, budget_tokens=1024) - plain == between + rounded


@pytest.mark.parametrize("context, kernels", [(640, 20), (4096, 128), (100_000, 128)])
def test_onednns_code_for_the_shapes_of_attention_is_in_it(
    context: int, kernels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = estimate(FOUR_B, "fp32", context_tokens=context, budget_tokens=1024)
    monkeypatch.setattr("engine.machine.precision.matmul_for", lambda *_: "onednn")
    # A shape of each of two products for every 64 keys; what is kept has a bound.
    assert estimate(FOUR_B, "fp32", context_tokens=context, budget_tokens=1024) - plain == kernels * 600_000


def test_every_token_kept_costs_its_keys_and_values() -> None:
    few, many = (
        estimate(FOUR_B, "bf16", context_tokens=n, budget_tokens=8192, device_kind="cuda") for n in (20_000, 40_000)
    )
    kv = 2 * 36 * 8 * 128 * 2
    assert kv <= (many - few) / 20_000 <= 1.25 * kv


def test_long_items_run_where_the_project_says_they_must() -> None:
    assert estimate(FOUR_B, "bf16", context_tokens=18_000, budget_tokens=8192, device_kind="cuda") < 16 * GB
    assert fits(FOUR_B, device(23 * GB), context_tokens=18_000).precision == "bf16"


def test_a_recurrent_model_keeps_no_keys() -> None:
    recurrent = replace(FOUR_B, shape=SHAPE._replace(kv_heads=0, heads=0, head_dim=0))
    short, long = (estimate(recurrent, "bf16", context_tokens=n, budget_tokens=64) for n in (64, 64_000))
    assert long == pytest.approx(short, rel=0.01)


@pytest.mark.parametrize(
    "free, kind, chosen",
    [
        (40, "cpu", "fp32"),
        (14, "cpu", "bf16"),
        (8, "cpu", "int8"),
        (6, "cpu", "nf4"),
        (2, "cpu", None),
        (80, "cuda", "bf16"),
        (10, "cuda", "int8"),
        (5.5, "cuda", "nf4"),
        (3, "cuda", None),
    ],
)
def test_auto_takes_the_first_that_fits(free: float, kind: str, chosen: str | None) -> None:
    fit = fits(FOUR_B, device(free * GB, kind), context_tokens=512, budget_tokens=512)
    assert fit.precision == chosen
    assert fit.free_bytes == free * GB
    assert (fit.needed_bytes < fit.free_bytes) == (chosen is not None)


def test_the_reason_has_the_figures() -> None:
    fit = fits(FOUR_B, device(10 * GB))
    assert fit.precision == "int8"
    assert human_bytes(fit.needed_bytes) in fit.reason
    assert "10.0 GB free on cuda:0" in fit.reason
    assert "bf16 would need" in fit.reason
    assert "\n" not in fit.reason


@pytest.mark.parametrize("asked", PRECISIONS)
def test_a_wish_is_granted_or_refused_never_changed(asked: str) -> None:
    assert fits(FOUR_B, device(80 * GB), asked).precision == asked
    fit = fits(FOUR_B, device(2 * GB), asked)
    assert fit.precision is None
    assert asked in fit.reason
    assert "2.0 GB free" in fit.reason


def test_without_bitsandbytes(monkeypatch: pytest.MonkeyPatch) -> None:
    have_bitsandbytes(monkeypatch, False)
    assert fits(FOUR_B, device(80 * GB)).precision == "bf16"
    fit = fits(FOUR_B, device(8 * GB))
    assert fit.precision is None
    assert "bitsandbytes" in fit.reason
    assert "not installed" in fits(FOUR_B, device(80 * GB), "nf4").reason


@pytest.mark.parametrize("asked", ["", "fp8", "BF16", "auto "])
def test_no_such_precision(asked: str) -> None:
    with pytest.raises(BadInput, match="no such precision"):
        fits(FOUR_B, device(GB), asked)


def test_a_real_model_fits_anywhere(shared: Path) -> None:
    (small,) = find([str(shared / "models" / "stories260K")])
    assert fits(small, device(1 * GB, "cpu")).precision == "fp32"


sizes = st.integers(0, 2**36)


@given(st.builds(Shape, sizes, sizes, sizes, sizes, sizes, sizes, st.none() | sizes, sizes), sizes, sizes, sizes)
def test_any_sizes_give_a_sentence(shape: Shape, parameters: int, linear: int, free: int) -> None:
    odd = replace(FOUR_B, shape=shape, context=shape.context, parameters=parameters, linear_parameters=linear)
    fit = fits(odd, device(free, "cpu"))
    assert fit.reason
    assert fit.precision is None or 0 <= fit.needed_bytes <= fit.free_bytes


@pytest.mark.parametrize(
    "count, text",
    [(0, "0 B"), (512, "512 B"), (2048, "2 kB"), (10 << 20, "10.0 MB"), (24 << 30, "24.0 GB"), (3 << 40, "3.0 TB")],
)
def test_bytes_for_people(count: int, text: str) -> None:
    assert human_bytes(count) == text


@pytest.mark.parametrize(
    "text, count",
    [("12GB", 12 << 30), ("900 MB", 900 << 20), ("1.5gib", 3 << 29), (" 2048kB ", 2 << 20), ("1TB", 1 << 40)],
)
def test_memory_as_it_is_written(text: str, count: int) -> None:
    assert bytes_of(text) == count
    assert bytes_of(human_bytes(count)) == count


@pytest.mark.parametrize("text", ["", "12", "GB", "-1GB", "0MB", "1kB", "12 GB of it", "1e3MB", "nanGB", "١GB"])
def test_what_is_no_memory(text: str) -> None:
    with pytest.raises(BadInput, match="no amount of memory"):
        bytes_of(text)


@pytest.mark.parametrize("kind, usual", [("cpu", 1024), ("cuda", 8192)])
def test_little_memory_means_smaller_pieces_before_a_smaller_precision(kind: str, usual: int) -> None:
    # Its largest matrix, converted when it is loaded, and its logits would take more than a layer does.
    model = replace(FOUR_B, largest_tensor=0, shape=SHAPE._replace(vocab=1000))
    roomy, asked = device(80 * GB, kind), PRECISIONS[kind == "cuda"]
    needs = {
        tokens: estimate(model, asked, context_tokens=4096, budget_tokens=tokens, device_kind=kind)
        for tokens in (usual, usual // 2, usual // 4)
    }
    # A tenth is left alone, and what an estimate needs is to fit into the rest.
    for tokens, needed in needs.items():
        fit = fits(model, roomy, memory=int(needed / 0.9) + 2)
        assert (fit.precision, fit.budget_tokens, fit.needed_bytes) == (asked, tokens, needed)
        assert fit.kept_bytes is not None
        assert 0 <= fit.kept_bytes <= 2
        assert (f"{tokens:,} tokens at a time in place of" in fit.reason) == (tokens != usual)
    much = fits(model, roomy, memory=60 * GB)
    assert (much.precision, much.budget_tokens, much.kept_bytes) == (asked, usual, KEPT_BYTES[kind])
    alone = fits(model, roomy)
    assert (alone.budget_tokens, alone.kept_bytes, alone.needed_bytes) == (None, None, needs[usual])


def test_memory_that_is_too_little_says_what_would_do() -> None:
    least = estimate(FOUR_B, "bf16", context_tokens=4096, budget_tokens=256, device_kind="cuda")
    refused = fits(FOUR_B, device(80 * GB), "bf16", memory=int(least / 0.9) - 2)
    assert refused.precision is None
    assert refused.needed_bytes == least
    assert "no more than 256 tokens at a time" in refused.reason
    would_do = refused.reason.partition("on cuda:0; ")[2].partition(" allowed would do")
    assert bytes_of(would_do[0]) == pytest.approx(least / 0.9, rel=0.01)
    assert would_do[2] == ", or int8"
    assert "would do" not in fits(FOUR_B, device(GB)).reason


def test_what_is_free_still_bounds_it() -> None:
    assert fits(FOUR_B, device(10 * GB), memory=60 * GB).precision == "int8"


def test_nf4_on_a_cpu_needs_whole_blocks() -> None:
    odd = replace(FOUR_B, shape=FOUR_B.shape._replace(hidden=96))
    refused = fits(odd, device(1e12, "cpu"), "nf4")
    assert refused.precision is None
    assert "a multiple of 64; this one has 96" in refused.reason
    assert fits(odd, device(1e12, "cuda"), "nf4").precision == "nf4"
