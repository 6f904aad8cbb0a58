"""Pages that the documentation site has besides docs/: CONTRIBUTING, CHANGELOG and the notebook (a hook of mkdocs.yml).

On GitHub all of these are read where they lie, so links between pages are written for that, and made to fit the site here.
"""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
BESIDE = ("CONTRIBUTING.md", "CHANGELOG.md")  # pages that lie beside docs/
NOTEBOOK = "mesa.ipynb"
ABOVE = re.compile(rf"\]\(\.\./((?:\.\./)*)({'|'.join(map(re.escape, BESIDE))})")


def on_files(files: "Files", config: "MkDocsConfig") -> "Files":
    """The files of docs/, and those pages."""
    from mkdocs.structure.files import File

    for name in BESIDE:
        text = (ROOT / name).read_text(encoding="utf-8").replace("](docs/", "](").replace("](decisions/)", "](decisions.md)")
        files.append(File.generated(config, name.lower(), content=text))
    notebook = json.loads((ROOT / "docs" / NOTEBOOK).read_text(encoding="utf-8"))
    files.append(File.generated(config, _page(NOTEBOOK), content=read_notebook(notebook)))
    return files


def on_page_markdown(markdown: str, page: "Page", config: "MkDocsConfig", files: "Files") -> str:
    """Links to what lies beside docs/ and to the notebook lead to their pages. The first page has no menu of its own."""
    if page.is_homepage:
        page.meta["hide"] = ["navigation", "toc"]
    markdown = ABOVE.sub(lambda found: f"]({found[1]}{found[2].lower()}", markdown)
    return markdown.replace(f"]({NOTEBOOK})", f"]({_page(NOTEBOOK)})")


def _page(notebook: str) -> str:
    return notebook.replace(".ipynb", ".md")


def read_notebook(notebook: dict[str, Any]) -> str:
    """A notebook as Markdown: its texts, its code, and below each piece of code what it gave."""
    first, *rest = [_cell(cell) for cell in notebook["cells"]]
    return "\n\n".join([first, f'[Download the notebook]({NOTEBOOK}){{ download="{NOTEBOOK}" }}', *rest]) + "\n"


def _cell(cell: dict[str, Any]) -> str:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return source
    return "\n\n".join([f"```python\n{source}\n```", *(_output(output) for output in cell["outputs"])])


def _output(output: dict[str, Any]) -> str:
    """What a cell gave, in the richest form that it has."""
    data = output.get("data", {})
    if "image/png" in data:
        return f'<img alt="Figure of the cell above" src="data:image/png;base64,{"".join(data["image/png"]).strip()}">'
    if "text/html" in data:
        table = re.sub(r"<style.*?</style>", "", "".join(data["text/html"]), flags=re.DOTALL)
        return re.sub(r"<table[^>]*>", "<table>", re.sub(r"\n\s*", "", table))
    return f"```text\n{''.join(output.get('text', data.get('text/plain', ''))).rstrip()}\n```"
