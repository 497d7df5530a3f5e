"""Which kinds of model can be scored: causal language models that the installed transformers knows, and no others."""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path

__all__ = ["ENCODERS", "causal_model_types", "nested_model_types"]

ENCODERS = frozenset(
    {
        "albert",
        "bert",
        "bert-generation",
        "big_bird",
        "camembert",
        "convbert",
        "data2vec-text",
        "deberta",
        "deberta-v2",
        "distilbert",
        "electra",
        "ernie",
        "esm",
        "eurobert",
        "flaubert",
        "fnet",
        "funnel",
        "ibert",
        "layoutlm",
        "longformer",
        "luke",
        "megatron-bert",
        "mobilebert",
        "modernbert",
        "mpnet",
        "mra",
        "nomic_bert",
        "nystromformer",
        "rembert",
        "roberta",
        "roberta-prelayernorm",
        "roc_bert",
        "roformer",
        "squeezebert",
        "xlm",
        "xlm-roberta",
        "xlm-roberta-xl",
        "xmod",
        "yoso",
    }
)
"""Model types that read a text in both directions. transformers can wrap some of them as decoders (`is_decoder`)."""

_TABLE = r"^MODEL_FOR_{}_MAPPING_NAMES\b.*?^\)$"


def causal_model_types() -> frozenset[str]:
    """The model types that the installed transformers loads as causal language models without code from elsewhere.

    Read from the text of its table, because importing it costs seconds and pulls in torch. Empty where transformers is
    missing or keeps its table in another form: then nothing is known, and only remote code is still refused.
    """
    return _types_in("CAUSAL_LM")


def nested_model_types() -> frozenset[str]:
    """The model types in which a decoder stands beside what sees or hears, and which the installed transformers loads
    whole: read from its tables in the same way. Of some of them it also loads the decoder alone."""
    return _types_in("IMAGE_TEXT_TO_TEXT") | _types_in("MULTIMODAL_LM")


@cache
def _types_in(table: str) -> frozenset[str]:
    spec = importlib.util.find_spec("transformers")
    if spec is None or not spec.submodule_search_locations:
        return frozenset()
    file = Path(spec.submodule_search_locations[0]) / "models" / "auto" / "modeling_auto.py"
    try:
        found = re.search(_TABLE.format(table), file.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    except OSError:
        return frozenset()
    return frozenset(re.findall(r'\(\s*"([\w.-]+)",', found[0])) if found else frozenset()
