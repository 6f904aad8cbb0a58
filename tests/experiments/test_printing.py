"""Pages as PDF, where there is a Chromium."""

import psutil
import pytest

from experiments import printing


def test_without_a_browser_nothing_is_printed_and_nothing_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(printing.shutil, "which", lambda name: None)
    assert printing.print_pages([tmp_path / "report.html"]) == []
    assert capsys.readouterr() == ("", "")


def test_a_browser_that_fails_is_told_and_leaves_no_pdf(tmp_path, monkeypatch, capsys):
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 7\n")
    broken.chmod(0o755)
    monkeypatch.setattr(printing.shutil, "which", lambda name: str(broken))
    (tmp_path / "report.pdf").write_bytes(b"of an earlier run")
    assert printing.print_pages([tmp_path / "report.html"]) == []
    assert "report.html was not printed" in capsys.readouterr().err and not (tmp_path / "report.pdf").exists()


@pytest.mark.skipif(printing.browser() is None, reason="needs a Chromium to print with")
def test_a_page_is_printed(tmp_path):
    page = tmp_path / "report.html"
    page.write_text("<!DOCTYPE html><title>x</title><p>draagkracht")
    [pdf] = printing.print_pages([page])
    assert pdf == tmp_path / "report.pdf" and pdf.read_bytes().startswith(b"%PDF")


def test_a_browser_that_hangs_is_ended_with_its_children_and_told_once(tmp_path, monkeypatch, capsys):
    hung = tmp_path / "chromium"
    hung.write_text("#!/bin/sh\nsleep 60 & echo $! >> " + str(tmp_path / "children") + "\nwait\n")
    hung.chmod(0o755)
    monkeypatch.setattr(printing.shutil, "which", lambda name: str(hung))
    monkeypatch.setattr(printing, "SECONDS", 0.3)
    assert printing.print_pages([tmp_path / "report.html", tmp_path / "report.en.html"]) == []
    assert capsys.readouterr().err.count("was not printed") == 1
    [child] = (tmp_path / "children").read_text().split()
    gone = psutil.Process(int(child)).status() == psutil.STATUS_ZOMBIE if psutil.pid_exists(int(child)) else True
    assert gone, "its child went on"
