"""What a strategy may know (choice 4): published, known or booked, late and noisy; never a latent column."""

from typing import NamedTuple

import numpy as np

from model.jit import kernel
from model.packing import packed, unpacked
from model.randomness import Luck, Stream, normal_at, uniform_at
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
        mine, wijk = slice(first, last), self.wijk[first:last]
        return PublicView(
            wijk - wijk[0], self.homes[mine], self.corporatie_homes[mine], self.leefbaarheid_class[mine], self.placed[mine],
            self.complaints[mine], self.caseload[mine], self.spare_hours[mine], self.exact,
        )  # fmt: skip


_NO_NUMBERS, _NO_ROWS = np.zeros(0), np.zeros(0, np.int64)
UNSEEN = PublicView(
    _NO_ROWS, _NO_NUMBERS, _NO_NUMBERS, _NO_ROWS, _NO_NUMBERS, _NO_NUMBERS, _NO_NUMBERS, _NO_NUMBERS, exact=False
)  # of no buurten: what is handed to who does not look


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


@kernel
def _errors(key, noise_sd, buurten):
    """Logarithm [buurten] of how far what is seen of each lies from what is."""
    out = np.empty(buurten)
    for b in range(buurten):
        out[b] = noise_sd * normal_at(uniform_at(key, np.uint64(b + 1)))
    return out


@kernel
def _seen(lag, noise, wijk, inwoners, placed_seen, complaints_seen, need_seen, caseload_seen, inwoners_of_wijk, kind, team_wijk,
          fte, numbers):  # fmt: skip
    """(placed, complaints, caseload, spare hours) [buurten] as in `PublicView`; `lag` counts months back from the last."""
    p = unpacked(Parameters, numbers)
    complaints, need = complaints_seen[:, lag], need_seen[:, lag]
    placed, load = np.empty(wijk.size), np.empty(wijk.size)
    for b in range(wijk.size):
        placed[b], load[b] = placed_seen[b].sum(), caseload_seen[wijk[b], lag]
    spare = _spare_hours(
        kind, team_wijk, fte, p.direct_hours_per_fte, inwoners_of_wijk, wijk, inwoners, need, complaints, p.hours_per_complaint,
        noise,
    )  # fmt: skip
    return placed, complaints * noise, load, spare


def public_view(world: World, p: Parameters, luck: Luck, exact: bool) -> PublicView:
    """The view of this month. `exact` fills `spare_hours` with the latent value (scenario draagkracht_exact)."""
    b, w, teams = world.buurten, world.wijken, world.teams
    # the exponential is NumPy's own: that of a kernel differs from it in the last bit
    noise = np.exp(_errors(luck.key(Stream.VIEW_NOISE), p.noise_sd, b.rows))
    placed, complaints, caseload, spare = _seen(
        min(p.lag_months, 12) - 1, noise, b.wijk, b.inwoners, b.placed_seen, b.complaints_seen, b.need_seen, w.caseload_seen,
        w.inwoners, teams.kind, teams.wijk, teams.fte, packed(p),
    )  # fmt: skip
    return PublicView(
        b.wijk, b.homes, b.sociale_huur, b.published_class, placed, complaints, caseload,
        b.spare_exact.copy() if exact else spare, exact,
    )  # fmt: skip
