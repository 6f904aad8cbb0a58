"""Tests are documentation: one file per file of `model/`, one law per test, the arithmetic written out where it is short."""
