"""The engine of a study: jobs, runs, what is stored of them, and the tables that are made of them (docs/studies.md)."""
