"""Luck: a pure function of (seed, stream, month, identity).

No generator has a state, so that the order of draws, the number of workers and the policy that is studied can not
change anybody's luck: the same person in the same month meets the same chance under every scenario. A stream is
named after the question that it answers. The mixer is the finaliser of SplitMix64 (Steele, Lea and Flood 2014).
"""

from enum import IntEnum, unique
from typing import Any

import llvmlite.binding
import numpy as np
from numba import types
from numba.extending import get_cython_function_address, overload
from scipy.special import cython_special, ndtri, pdtrik

from model.jit import kernel, rule


def _of_scipy(name: str, doubles: int) -> Any:
    """A function of scipy's own that takes so many doubles, as kernels call it.

    In C one that takes floats too has a name for each, so it is told by its type. The symbol is what machine code from the cache
    finds it by, in any process.
    """
    signature = f'"double ({"double, " * doubles}int __pyx_skip_dispatch)"'
    own = next((n for n, f in cython_special.__pyx_capi__.items() if n.endswith(name) and signature in repr(f)), None)
    if own is None:
        found = [repr(f) for n, f in cython_special.__pyx_capi__.items() if n.endswith(name)]
        raise ImportError(
            f"scipy.special.cython_special.{name}: found {found}; possible: one of type {signature} (requirements.lock)"
        )
    llvmlite.binding.add_symbol(f"scipy_{name}", get_cython_function_address("scipy.special.cython_special", own))
    return types.ExternalFunction(f"scipy_{name}", types.float64(*[types.float64] * doubles, types.intc))


_scipy_ndtri, _scipy_pdtrik = _of_scipy("ndtri", 1), _of_scipy("pdtrik", 2)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_A, _B = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S11 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(11)
_EPOCH = 1 << 20  # months before month 0 count down from here, so that every month is a positive number


@unique
class Stream(IntEnum):
    """The questions that chance answers; numbers are for ever, because published results hang on them."""

    TOWN = 1
    HOUSEHOLD_TRAITS = 2
    FRAILTY = 3
    TIES = 4
    STOCK_OF_VULNERABILITY = 5
    PERSON_TRAITS = 6
    HOW_MANY_PERSONS = 7
    HOW_MANY_SEEKERS = 8
    SEEKER_TRAITS = 9
    WHO_GIVES_UP_WAITING = 10
    ONSET = 11
    WHICH_PROFILE = 12
    REMISSION = 13
    WHO_LEAVES = 14
    OUT_OF_SIGHT = 15
    MARKET_TRAITS = 16
    REFUSAL = 17
    WHICH_HOME = 18
    OUTREACH = 19
    STAFF_TURNOVER = 20
    EPISODE_ONSET = 21
    ONSET_DAY = 22
    CALL = 23
    HARM = 24
    PATIENCE = 25
    COURSE = 26
    OPNAME = 27
    OPNAME_DAYS = 28
    HOME_LOST = 29
    POLICE = 30
    INCIDENTS = 31
    EPISODE_INCIDENTS = 32
    COMPLAINT = 33
    COMPLAINT_CAUSE = 34
    CONFLICT = 35
    INTERVENTION = 36
    ARREARS_START = 37
    ARREARS_END = 38
    JUDGMENT = 39
    AVERTED = 40
    AGEING = 41
    VIEW_NOISE = 42
    SHOCK_YEAR = 43
    NUISANCE_JUDGMENT = 44
    MARKET_REFILL = 45
    WHICH_HOUSEHOLDS = 46
    EMPTY_HOME = 47
    WHICH_KIND = 48
    WHICH_DOOR = 49
    LADDER = 50
    EXCLUSION = 51
    COUCH = 52
    SIGNAL = 53
    INDICATION = 54
    DEBTS = 55
    CONVERSATION = 56
    CONSENT = 57


_STREAMS = int(max(Stream)) + 1


@rule
def _mix(z):
    z = (z ^ (z >> _S30)) * _A
    z = (z ^ (z >> _S27)) * _B
    return z ^ (z >> _S31)


@rule
def stream_key(seed, stream, month):
    """uint64 that stands for (seed, stream, month); a kernel computes it once and draws for many identities."""
    k = _mix(np.uint64(seed) + _GOLDEN)
    k = _mix(k ^ (np.uint64(stream) * _GOLDEN))
    return _mix(k ^ (np.uint64(month + _EPOCH) * _A))


@rule
def uniform_at(key, identity):
    """Uniform on [0, 1) with 53 bits, for one identity (uint64) under a `stream_key`."""
    return np.float64(_mix(np.uint64(key) + np.uint64(identity) * _GOLDEN) >> _S11) * (1.0 / 9007199254740992.0)


@rule
def ticket(key, identity, option):
    """uint64 lot of one option for one identity: the smallest wins, so that one option more leaves the rest in order."""
    return _mix(_mix(np.uint64(key) + np.uint64(identity) * _GOLDEN) ^ (np.uint64(option) * _B))


@rule
def uniform(seed, stream, month, identity):
    """The whole of luck in one call."""
    return uniform_at(stream_key(seed, stream, month), identity)


@rule
def exponential_at(key, identity, mean):
    """Exponential waiting time with the given mean (same unit)."""
    return -mean * np.log(1.0 - uniform_at(key, identity))


@rule
def poisson_at(key, identity, rate):
    """Poisson count for a small rate (< 30) by inversion; most draws end at the first two comparisons."""
    u, two = uniform_at(key, identity), 0.5 * rate * rate + 1e-12
    if u < 1.0 - rate:  # 1 - rate <= exp(-rate): certainly zero, without an exponential
        return 0
    if 1.0 - rate + two <= u < 1.0 - two:  # exp(-rate) <= 1 - rate + rate^2 / 2, and two have a chance of at most rate^2 / 2
        return 1
    p = np.exp(-rate)
    total, count = p, 0
    while u >= total and p > 0.0:
        count += 1
        p *= rate / count
        total += p
    return count


@overload(ndtri)
def _ndtri(u):
    """What `ndtri` means in compiled code. Cython hands every function of its own a second argument, which is 0 here."""
    return lambda u: _scipy_ndtri(u, 0)


@overload(pdtrik)
def _pdtrik(u, rate):
    """What `pdtrik` means there."""
    return lambda u, rate: _scipy_pdtrik(u, rate, 0)


@rule
def normal_at(u):
    """Standard normal of one uniform, within six standard deviations."""
    return ndtri(min(max(u, 1e-9), 1 - 1e-9))


def normal_of(u: np.ndarray) -> np.ndarray:
    """Standard normal [n] of uniforms [n]: each is `normal_at`, bit for bit."""
    return ndtri(np.minimum(np.maximum(u, 1e-9), 1 - 1e-9))


@kernel
def _uniforms(key, identities):
    out = np.empty(identities.size)
    for i in range(identities.size):
        out[i] = uniform_at(key, identities[i])
    return out


@kernel
def _tickets(key, identity, options):
    out = np.empty(options.size, np.uint64)
    for i in range(options.size):
        out[i] = ticket(key, identity, options[i])
    return out


@kernel
def _keys(seed, month, streams):
    out = np.empty(streams, np.uint64)
    for stream in range(streams):
        out[stream] = stream_key(seed, stream, month)
    return out


@kernel
def several(key, identities, count):
    """Independent uniforms [count, n] for identities [n]: several traits of one person under one `stream_key`."""
    out = np.empty((count, identities.size))
    for k in range(count):
        part = _mix(key ^ (np.uint64(k + 1) * _B))
        for i in range(identities.size):
            out[k, i] = uniform_at(part, identities[i])
    return out


@kernel
def _arrivals(key, rate):
    u = uniform_at(key, np.uint64(1))
    return 0 if u < np.exp(-rate) else int(np.ceil(pdtrik(u, rate)))


class Luck:
    """The luck of one run in one month; what Python code draws from. `keys` [Stream] are computed once a month."""

    __slots__ = ("keys", "month", "seed")

    def __init__(self, seed: int, month: int) -> None:
        self.seed, self.month = seed, month
        self.keys = _keys(seed, month, _STREAMS)

    def key(self, stream: Stream) -> np.uint64:
        """The uint64 that kernels take."""
        return self.keys[stream]

    def draws(self, stream: Stream, identities: np.ndarray) -> np.ndarray:
        """Uniforms on [0, 1), one per identity (uint64 [n])."""
        return _uniforms(self.keys[stream], identities.astype(np.uint64, copy=False))

    def arrivals(self, stream: Stream, rate: float) -> int:
        """How many come this month: a Poisson count for any rate, by inversion of one uniform."""
        return _arrivals(self.keys[stream], rate)

    def several(self, stream: Stream, identities: np.ndarray, count: int) -> np.ndarray:
        """Independent uniforms [count, n] for identities [n]: several traits of one person under one question."""
        return several(self.keys[stream], identities.astype(np.uint64, copy=False), count)

    def tickets(self, stream: Stream, identity: int, options: np.ndarray) -> np.ndarray:
        """Lots (uint64) of the options [n] for one identity; the smallest is chosen."""
        return _tickets(self.keys[stream], np.uint64(identity), options.astype(np.uint64, copy=False))
