"""The machine code of one version of the sources is never used for another."""

from pathlib import Path

import numba

from model import jit


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
