"""Executes the notebook of docs/ and keeps what it shows: `python -m experiments.notebook`, or all of `make docs`.

It runs in the Python that runs this, whatever kernels a machine knows by name. Nothing of the machine is kept: no paths, no
times, no version of Python.
"""

from pathlib import Path
from typing import Any

import nbformat
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).resolve().parent.parent / "docs" / "mesa.ipynb"
MINUTES = 10  # kernels compile at first


class ThisPython(AsyncKernelManager):
    """Starts the kernel of the Python that runs this."""

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(**get_kernel_dict())


def executed(path: Path) -> Any:
    """The notebook with fresh outputs, run in its own folder; raises `nbclient.exceptions.CellExecutionError`."""
    notebook = nbformat.read(path, as_version=4)
    place = {"metadata": {"path": str(path.parent)}}
    NotebookClient(
        notebook, kernel_manager_class=ThisPython, timeout=60 * MINUTES, resources=place, record_timing=False
    ).execute()
    notebook.metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    }
    return notebook


def texts(notebook: Any) -> list[str]:
    """All that its cells say in plain text, in order."""
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return [o.text if o.output_type == "stream" else o.data["text/plain"] for o in outputs]


def main() -> None:
    """Execute the notebook and write it back."""
    nbformat.write(executed(NOTEBOOK), NOTEBOOK)
    print(f"docs/{NOTEBOOK.name}")


if __name__ == "__main__":
    main()
