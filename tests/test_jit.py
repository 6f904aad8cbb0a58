"""The machine code of one version of the sources is never used for another."""

import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
from numba.core.caching import IndexDataCacheFile

from model import jit

ROOT = Path(__file__).parents[1]


def test_the_cache_folder_is_named_after_every_source(tmp_path, monkeypatch):
    """One more character in any file of the model, or one more file, is another folder."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "deep" / "b.py").write_text("y = 1\n")
    monkeypatch.setattr(jit, "HERE", tmp_path)
    hashes = [jit.sources_hash.__wrapped__()]
    for path, text in (("deep/b.py", "y = 2\n"), ("c.py", ""), ("a.py", "x = 1 \n")):
        (tmp_path / path).write_text(text)
        hashes.append(jit.sources_hash.__wrapped__())
    assert len(set(hashes)) == 4


def test_numba_writes_where_this_version_belongs():
    assert Path(numba.config.CACHE_DIR).name == jit.sources_hash()


def test_a_folder_that_can_not_be_written_is_no_reason_to_stop(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "below"))
    assert "wijkdraagkracht-numba" in str(jit.cache_folder())


WRITER = """
import sys
from numba.core.caching import IndexDataCacheFile
from model import jit
index = IndexDataCacheFile(sys.argv[1], "rule", "stamp")
print("ready", flush=True)
sys.stdin.readline()
for k in range(60):
    index.save((sys.argv[2], k), f"code of {sys.argv[2]} {k}")
"""


def test_processes_that_compile_at_once_do_not_take_each_others_code(tmp_path):
    """Without a lock the second to save gets the number, and so the code, of the first."""
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    pipe = subprocess.PIPE
    writers = [subprocess.Popen([*command, name], stdin=pipe, stdout=pipe, text=True, cwd=ROOT) for name in "ab"]
    assert [w.stdout.readline() for w in writers] == ["ready\n"] * 2
    for w in writers:
        w.stdin.write("go\n")
        w.stdin.flush()
    assert [w.wait() for w in writers] == [0, 0]
    index = IndexDataCacheFile(str(tmp_path), "rule", "stamp")
    for name in "ab":
        assert [index.load((name, k)) for k in range(60)] == [f"code of {name} {k}" for k in range(60)]


def test_a_row_that_is_read_soon_changes_nothing_and_may_lie_behind_the_last():
    column = np.arange(24, dtype=np.uint32).reshape(4, 6)

    @numba.njit
    def total(column):
        out = 0
        for i in range(column.shape[0]):
            jit.read_soon(column, i + 1_000_000)
            out += column[i].sum()
        return out

    assert total(column) == column.sum() and column.tolist() == np.arange(24).reshape(4, 6).tolist()
