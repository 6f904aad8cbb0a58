"""`draagkracht` with perfect knowledge: its view holds last month's latent value. What better books could win, at most."""

from model.strategies.draagkracht import propose

EXACT = True
__all__ = ["EXACT", "propose"]
