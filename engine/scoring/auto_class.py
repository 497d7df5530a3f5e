"""Which of transformers' classes a model is loaded by: its decoder's where that has one, else that of the whole."""

from __future__ import annotations

from typing import Any

from rubrics.errors import CandidateError

__all__ = ["auto_classes", "decoder_of", "is_nested"]


def auto_classes(config: Any) -> list[Any]:
    """Those that load a model of this config, in the order in which they are to be tried.

    A decoder that stands beside what sees or hears has often no class of its own; its model is then loaded whole, and
    given text alone. Where it has one, the tensors of a folder may still be named as the whole names them.

    Raises:
        CandidateError: it encodes a text before it decodes one.
    """
    from transformers import AutoModelForCausalLM, AutoModelForMultimodalLM
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING, MODEL_FOR_MULTIMODAL_LM_MAPPING

    alone = type(config) in MODEL_FOR_CAUSAL_LM_MAPPING or type(config) not in MODEL_FOR_MULTIMODAL_LM_MAPPING
    whole = type(config) in MODEL_FOR_MULTIMODAL_LM_MAPPING
    if not alone and (config.is_encoder_decoder or config.get_text_config(decoder=True).is_encoder_decoder):
        raise CandidateError(
            f"a {config.model_type} is an encoder-decoder, not a causal language model",
            fix="choose a decoder-only language model",
        )
    return [AutoModelForCausalLM] * alone + [AutoModelForMultimodalLM] * whole


def is_nested(model: Any) -> bool:
    """Whether its decoder is one part of it among others."""
    return model.config.get_text_config() is not model.config


def decoder_of(model: Any) -> Any:
    """The part that turns tokens into states: all of the model but its head, and but for what sees and hears."""
    return model.get_decoder() if is_nested(model) else model.base_model
