"""How kernels are compiled, and where their machine code is kept.

numba keys its cache on the file that defines a function only, so that a change in a helper or a constant of another
file would go unnoticed. Here the cache folder itself is named after all sources of the model: change one
character anywhere in `model/` and everything is compiled afresh. Several processes may compile at once.
"""

import hashlib
import os
import tempfile
from functools import cache
from pathlib import Path

import numba
import numpy as np
from filelock import FileLock
from llvmlite import ir
from numba import types
from numba.core.caching import IndexDataCacheFile
from numba.extending import intrinsic, overload
from numba.np.arrayobj import make_array

HERE = Path(__file__).parent


@cache
def sources_hash() -> str:
    """Hash of every source file of the model, as this process has loaded it, and of the numba that compiles it."""
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted(HERE.rglob("*.py")):
        digest.update(path.relative_to(HERE).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Where this version's machine code lies: `NUMBA_CACHE_DIR` if set, else beside the project, else the temp folder."""
    root = os.environ.get("NUMBA_CACHE_DIR")
    base = Path(root) if root else HERE.parent / ".cache" / "numba"
    try:
        base.mkdir(parents=True, exist_ok=True)
    except OSError:
        base = Path(tempfile.gettempdir()) / "wijkdraagkracht-numba"
    return base / sources_hash()


_save = IndexDataCacheFile.save


def _save_alone(index: IndexDataCacheFile, key: object, data: object) -> None:
    """One writer at a time: numba numbers the code of a new signature, and two processes would take each other's code."""
    with FileLock(f"{index._index_path}.lock"):
        _save(index, key, data)


IndexDataCacheFile.save = _save_alone  # type: ignore[method-assign]
numba.config.CACHE_DIR = str(cache_folder())  # type: ignore[attr-defined]

# A rule is scalar and pure, and LLVM inlines it; a kernel is a loop around rules. `error_model="numpy"` because a
# check on every division costs a third of the month's time, and no rule divides by what may be zero.
rule = numba.njit(cache=True, error_model="numpy")
kernel = numba.njit(cache=True, error_model="numpy", nogil=True)
# A part of a kernel, over the rows of one buurt: `first` to `last`, as uint64, of whole columns. It is written out where it
# stands. A slice for each buurt, or a call, would count who holds each column, which took a twentieth of a month.
part = numba.njit(error_model="numpy", nogil=True, inline="always")
# A kernel that only adds up, and leaves it to the machine in which order: several sums side by side take half the time.
# The last bit of a sum then depends on the kind of machine, and on nothing else.
adding = numba.njit(cache=True, error_model="numpy", nogil=True, fastmath={"reassoc"})


def read_soon(column: np.ndarray, row: int | np.uint64) -> None:
    """This row of a column will be read soon: a kernel has the machine fetch it meanwhile, and nothing else happens.

    A machine foresees by itself what comes next in a narrow column, and too little of a wide one that is read beside others. A
    row behind the last does no harm.
    """


@overload(read_soon)
def _read_soon(column, row):
    """What `read_soon` means in compiled code."""
    return lambda column, row: _fetch(column, np.int64(row))  # type: ignore[call-arg]  # numba hands in the first


@intrinsic
def _fetch(context, column, row):
    byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
    for_reading, keep_nearest, data = number(0), number(3), number(1)

    def written(target, builder, signature, given):
        array = make_array(signature.args[0])(target, builder, given[0])
        width = builder.extract_value(array.strides, 0)
        where = builder.gep(builder.bitcast(array.data, byte), [builder.mul(given[1], width)])
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        fetch = builder.module.declare_intrinsic("llvm.prefetch", (byte,), kind)
        builder.call(fetch, [where, for_reading, keep_nearest, data])
        return target.get_dummy_value()

    return types.void(column, types.int64), written
