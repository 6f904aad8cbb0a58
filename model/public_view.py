"""What a strategy may know (choice 4): published, known or booked, late and noisy; never a latent column."""

from typing import NamedTuple

import numpy as np

from model.jit import kernel
from model.randomness import Luck, Stream, normal_of
from model.world import TeamKind, World


class Parameters(NamedTuple):
    lag_months: int
    noise_sd: float
    hours_per_complaint: float
    direct_hours_per_fte: float


class PublicView(NamedTuple):
    """Per buurt [b], unless said otherwise; everything lies at least `lag_months` back."""

    wijk: np.ndarray  # row of the wijk
    homes: np.ndarray  # homes
    corporatie_homes: np.ndarray  # homes of corporaties
    leefbaarheid_class: np.ndarray  # 1-9, last published
    placed: np.ndarray  # placements by agreement in the last 12 months: a corporatie's own books, no lag
    complaints: np.ndarray  # complaints a month
    caseload: np.ndarray  # hours asked over hours there are, of the wijk's teams
    spare_hours: np.ndarray  # hours a month that seem to be left
    exact: bool  # True in the scenario that is given last month's latent value, and nowhere else

    def part(self, first: int, last: int) -> "PublicView":
        """The view of buurten first to last; wijken are numbered from the first of them on. Not a copy."""
        mine = slice(first, last)
        return PublicView(
            self.wijk[mine] - self.wijk[first], self.homes[mine], self.corporatie_homes[mine], self.leefbaarheid_class[mine],
            self.placed[mine], self.complaints[mine], self.caseload[mine], self.spare_hours[mine], self.exact,
        )  # fmt: skip


@kernel
def _spare_hours(kind, team_wijk, fte, direct_hours_per_fte, inwoners_of_wijk, wijk, inwoners, need, complaints,
                 hours_per_complaint, noise):  # fmt: skip
    """Hours [buurten] that seem to be left: those of the wijk's teams, by inhabitants, less the need that is seen."""
    staff, out = np.zeros(inwoners_of_wijk.size), np.empty(wijk.size)
    for i in range(kind.size):
        if kind[i] != TeamKind.BEHEER:
            staff[team_wijk[i]] += fte[i]
    for b in range(wijk.size):
        published = staff[wijk[b]] / max(inwoners_of_wijk[wijk[b]], 1.0) * direct_hours_per_fte * inwoners[b]
        out[b] = published - (need[b] + hours_per_complaint * complaints[b]) * noise[b]
    return out


def public_view(world: World, p: Parameters, luck: Luck, exact: bool) -> PublicView:
    """The view of this month. `exact` fills `spare_hours` with the latent value (scenario draagkracht_exact)."""
    b, w, teams = world.buurten, world.wijken, world.teams
    lag = min(p.lag_months, 12) - 1
    complaints = b.complaints_seen[:, lag]
    noise = np.exp(p.noise_sd * normal_of(luck.draws(Stream.VIEW_NOISE, np.arange(1, b.rows + 1))))
    observed = _spare_hours(
        teams.kind, teams.wijk, teams.fte, p.direct_hours_per_fte, w.inwoners, b.wijk, b.inwoners, b.need_seen[:, lag],
        complaints, p.hours_per_complaint, noise,
    )  # fmt: skip
    return PublicView(
        wijk=b.wijk, homes=b.homes, corporatie_homes=b.sociale_huur, leefbaarheid_class=b.published_class,
        placed=b.placed_seen.sum(axis=1), complaints=complaints * noise, caseload=w.caseload_seen[:, lag][b.wijk],
        spare_hours=b.spare_exact.copy() if exact else observed, exact=exact,
    )  # fmt: skip
