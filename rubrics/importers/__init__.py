"""Other people's data sets, made into suites or into prompts with criteria.

One registry, `FORMATS`, and one way in, `import_pairs`; `recognised` says which format files are of. A format reads a
file record by record and says of each thing that could be a pair either what the pair is or why there is none; so what
comes in is always what goes out plus what was dropped, by reason.
"""

from rubrics.importers.cached import data_files
from rubrics.importers.mappings import kept_for, kept_map
from rubrics.importers.options import ImportOptions, parse_map
from rubrics.importers.registry import FORMATS, ImportResult, format_called, formats, import_pairs, recognised

__all__ = [
    "FORMATS", "ImportOptions", "ImportResult", "data_files", "format_called", "formats", "import_pairs", "kept_for",
    "kept_map", "parse_map", "recognised",
]  # fmt: skip
