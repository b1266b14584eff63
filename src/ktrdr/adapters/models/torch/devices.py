"""Where a fit runs, and how it leaves no trace there: threads and random state are put back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import RLock

import torch

from ktrdr.domain.errors import InvalidInput, did_you_mean

_RANDOM_STATE = RLock()
_KEPT_BYTES = 31 * 2**20  # glibc ignores blocks of 32 MiB and more


def find_device(name: str | None) -> torch.device:
    """Return the device of that name; for None or ``auto`` the first of cuda, mps and cpu that is there.

    Raises
    ------
    InvalidInput
        If there is no such device; the message lists what there is.
    """
    present = _present()
    wanted = (name or "auto").casefold()
    if wanted == "auto":
        return torch.device(present[0])
    if wanted == "cuda" and "cuda:0" in present:
        wanted = "cuda:0"
    if wanted not in present:
        here = f"auto, {', '.join(present)}"
        raise InvalidInput(f"device {name!r} is not there; here: {here}{did_you_mean(wanted, ('auto', *present))}")
    return torch.device(wanted)


def _present() -> list[str]:
    cuda = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    return [*cuda, *(["mps"] if torch.backends.mps.is_available() else []), "cpu"]


@contextmanager
def one_thread() -> Iterator[None]:
    """Run with one torch thread: for small networks it is the fastest, and sums never change their order."""
    threads = torch.get_num_threads()
    if threads == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def keep_freed_memory() -> None:
    """Let the C library keep large blocks that are freed for the next step, up to twice `_KEPT_BYTES`.

    At first glibc gives large blocks back to the system and takes them anew, page by page, which costs a recurrent
    network up to a third of every step. It stops doing so for blocks no larger than one that was freed before
    (mallopt(3), M_MMAP_THRESHOLD); the block that is freed here is never touched, and so takes no memory.
    """
    torch.empty(_KEPT_BYTES, dtype=torch.uint8)


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Let `seed` decide every draw on the CPU and `device`; the caller's random state comes back afterwards.

    Notes
    -----
    Torch has one random state a process, so that threads that need it take turns. The state of an mps device does not
    come back.
    """
    with _RANDOM_STATE, torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.default_generator.manual_seed(seed)
        if device.type == "cuda":
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        elif device.type == "mps":
            torch.mps.manual_seed(seed)
        yield


def random_states(device: torch.device, shuffler: torch.Generator) -> dict[str, torch.Tensor]:
    """Return copies of all random states that a fit draws from, by name."""
    states = {"random.cpu": torch.get_rng_state(), "random.shuffler": shuffler.get_state()}
    if device.type == "cuda":
        states["random.device"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        states["random.device"] = torch.mps.get_rng_state()
    return states


def set_random_states(states: Mapping[str, torch.Tensor], device: torch.device, shuffler: torch.Generator) -> None:
    """Put back what `random_states` gave.

    Raises
    ------
    InvalidInput
        If a state is none that a generator can be in.
    """
    try:
        torch.set_rng_state(states["random.cpu"])
        shuffler.set_state(states["random.shuffler"])
        if device.type == "cuda":
            torch.cuda.set_rng_state(states["random.device"], device)
        elif device.type == "mps":
            torch.mps.set_rng_state(states["random.device"])
    except RuntimeError as error:
        raise InvalidInput(f"the kept state of the fit holds a random state that is none ({error})") from error
