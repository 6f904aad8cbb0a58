"""Studies on the model, and everything that reads their results."""
