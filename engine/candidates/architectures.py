"""Which kinds of model can be scored: causal language models that the installed transformers knows, and no others."""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path

__all__ = ["ENCODERS", "causal_model_types"]

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

_TABLE = re.compile(r"^MODEL_FOR_CAUSAL_LM_MAPPING_NAMES\b.*?^\)$", re.MULTILINE | re.DOTALL)


@cache
def causal_model_types() -> frozenset[str]:
    """The model types that the installed transformers loads as causal language models without code from elsewhere.

    Read from the text of its table, because importing it costs seconds and pulls in torch. Empty where transformers is
    missing or keeps its table in another form: then nothing is known, and only remote code is still refused.
    """
    spec = importlib.util.find_spec("transformers")
    if spec is None or not spec.submodule_search_locations:
        return frozenset()
    table = Path(spec.submodule_search_locations[0]) / "models" / "auto" / "modeling_auto.py"
    try:
        mapping = _TABLE.search(table.read_text(encoding="utf-8"))
    except OSError:
        return frozenset()
    return frozenset(re.findall(r'\(\s*"([\w.-]+)",', mapping[0])) if mapping else frozenset()
