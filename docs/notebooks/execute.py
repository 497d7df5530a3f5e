"""Execute the notebooks of this folder in place, in an environment that has Jupyter; `make notebooks` makes one.

Figures are left as the kernel draws them, of a size for a page. What differs from one machine to another (times, paths)
stays out of the cells, so that an execution changes nothing unless the program has.
"""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent


def main() -> None:
    """Each in turn; an error of a cell ends it."""
    for path in sorted(HERE.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        NotebookClient(notebook, timeout=1800, kernel_name="python3").execute()
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)  # when each cell ran
        notebook.metadata["language_info"] = {"name": "python"}
        nbformat.write(notebook, path)
        print(path.name, "executed")


if __name__ == "__main__":
    main()
