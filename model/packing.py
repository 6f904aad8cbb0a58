"""Parameters as kernels take them: all numbers of a block in one array.

numba looks at a named tuple number by number, each time that a kernel is called, and two hundred numbers a month took a
thirtieth of it. An array is looked at once.

    _live_together(..., packed(p))                      where a mechanism calls its kernel
    p = unpacked(Parameters, numbers)                   first line of that kernel: rules go on saying p.tie_months
"""

from collections.abc import Callable
from functools import cache
from typing import Any, get_args, get_type_hints

import numba
import numpy as np
from numba.extending import overload

KEPT = 256  # blocks: a run has some twenty

_packed: dict[int, tuple[Any, np.ndarray]] = {}


def packed(block: Any) -> np.ndarray:
    """All numbers of a block of parameters (float64 [n]), in order of declaration; a number per code takes a place per code.

    Packed once: the block itself is kept beside its array, so that no other block can be taken for it. So a block is never
    changed in place; `_replace` makes another.
    """
    known = _packed.get(id(block))
    if known is not None:
        return known[1]
    if len(_packed) == KEPT:
        _packed.clear()
    numbers = np.concatenate([np.atleast_1d(np.asarray(value, np.float64)) for value in block])
    _packed[id(block)] = block, numbers
    return numbers


def unpacked(block: Any, numbers: np.ndarray) -> Any:
    """The block (a class) with these numbers; a kernel takes them by value, as if it had been given the block itself."""
    return _rebuild(block)(numbers)


@cache
def _rebuild(block: Any) -> Callable[[np.ndarray], Any]:
    """What makes a block from its numbers, written out field by field, since each has a type of its own."""
    fields, at = [], 0
    for kind in get_type_hints(block, include_extras=True).values():
        if get_args(kind):  # a number per code, or codes of another kind
            _, codes, of = get_args(kind)
            fields.append(f"numbers[{at} : {at + len(codes)}]" + ("" if of is None else ".astype(np.int64)"))
            at += len(codes)
        else:
            fields.append({float: "numbers[{}]", int: "np.int64(numbers[{}])", bool: "numbers[{}] != 0.0"}[kind].format(at))
            at += 1
    written: dict[str, Any] = {"block": block, "np": np}
    exec(f"def rebuild(numbers):\n    return block({', '.join(fields)})", written)
    return written["rebuild"]


@overload(unpacked)
def _unpacked(block, numbers):
    """What `unpacked` means in compiled code."""
    rebuild = numba.njit(_rebuild(block.instance_class))
    return lambda block, numbers: rebuild(numbers)
