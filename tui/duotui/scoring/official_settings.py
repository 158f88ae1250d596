"""Official settings of the contest, and whether a verdict's runs met them. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from duotui.base.board_profile import DUO_64M
from duotui.protocol.request import Request
from duotui.scoring.mean_rate import RUNS
from duotui.scoring.verdict import Verdict

OFFICIAL_MODEL = "stories15M"
OFFICIAL_MODEL_HASH = "cd590644d963867a2b6e5a1107f51fad663c41d79c149fbecbbb1f95fa81f49a"
"""SHA-256 of stories15M.bin, in hex (data/models.json)."""

OFFICIAL_TOKENIZER_HASH = "50a52ef822ee9e83de5ce9d0be0a025a773d019437f58b5ff9dcafb063ece361"
"""SHA-256 of its tokenizer.bin, in hex."""

OFFICIAL_REQUEST = Request()
"""The contest's prompt, seed, temperature, top-p and steps, which are the defaults here."""

OFFICIAL_CLOCK = 1000
"""MHz of the board as it is sold: overclocking is forbidden."""

EMULATOR_BOARDS = ("qemu", "virtio")
"""Parts of the device tree's model on an emulated machine."""


class MachineKind(StrEnum):
    """What the runs came from."""

    DUO = "duo"
    OTHER_BOARD = "other board"
    EMULATED = "emulated"
    COMPUTER = "computer"
    UNKNOWN = "unknown"
    """A recording or a log, which has no conditions of its machine."""


@dataclass(frozen=True, slots=True)
class OfficialItem:
    """One setting. `met` is None if it cannot be told from the runs."""

    name: str
    official: str
    found: str
    met: bool | None


def machine_kind(v: Verdict) -> MachineKind:
    """Return the kind of the judged machine, by its own kernel and device tree."""
    conditions = v.before or v.after
    if conditions is not None:
        board = conditions.board.lower()
        if any(part in board for part in EMULATOR_BOARDS):
            return MachineKind.EMULATED
        if not conditions.is_duo:
            return MachineKind.COMPUTER
        return MachineKind.DUO if not board or "duo" in board else MachineKind.OTHER_BOARD
    if v.ready is not None and DUO_64M.machine not in v.ready.machine:
        return MachineKind.COMPUTER
    return MachineKind.UNKNOWN


def official_model(v: Verdict) -> bool | None:
    """Say whether the runs' model is the contest's; None if it is unknown."""
    return None if v.ready is None else v.ready.model_hash == OFFICIAL_MODEL_HASH


def official_items(v: Verdict, planned: int = 0) -> tuple[OfficialItem, ...]:
    """Return each official setting beside what the runs have. `planned` is the number of runs that
    a session will have."""
    return (*_model_items(v), *_request_items(v, planned), *_machine_items(v))


def is_official(v: Verdict, planned: int = 0) -> bool | None:
    """Say whether all official settings were met; None if one is unknown and none is broken."""
    met = [item.met for item in official_items(v, planned)]
    if False in met:
        return False
    return None if None in met else True


def _model_items(v: Verdict) -> Iterator[OfficialItem]:
    ready = v.ready
    name = f"{ready.model} {ready.model_hash[:8]}" if ready is not None else ""
    official = f"{OFFICIAL_MODEL} {OFFICIAL_MODEL_HASH[:8]}"
    yield OfficialItem("model", official, name, official_model(v))
    tokenizer = ready.tokenizer_hash if ready is not None else ""
    met = tokenizer == OFFICIAL_TOKENIZER_HASH if tokenizer else None
    yield OfficialItem("tokenizer", OFFICIAL_TOKENIZER_HASH[:8], tokenizer[:8], met)


def _request_items(v: Verdict, planned: int) -> Iterator[OfficialItem]:
    for name in ("prompt", "seed", "temperature", "top_p", "steps"):
        official, found = getattr(OFFICIAL_REQUEST, name), getattr(v.request, name)
        # a log tells only its prompt, which the stories begin with
        known = v.ready is not None or name == "prompt"
        met = official == found if known else None
        yield OfficialItem(name, _value(official), _value(found) if known else "", met)
    count = max(len(v.counted), planned)
    yield OfficialItem("runs", str(RUNS), str(count), count >= RUNS)


def _machine_items(v: Verdict) -> Iterator[OfficialItem]:
    kind, conditions = machine_kind(v), v.before or v.after
    met = None if kind is MachineKind.UNKNOWN else kind is MachineKind.DUO
    found = (conditions.board or conditions.machine) if conditions is not None else ""
    yield OfficialItem("machine", DUO_64M.name, found, met)
    swaps = conditions.swaps if conditions is not None else None
    names = ", ".join(name for name, _ in swaps or ())
    yield OfficialItem("swap", "", names, None if swaps is None else not swaps)
    clock = conditions.clock if conditions is not None else 0
    yield OfficialItem(
        "clock",
        f"{OFFICIAL_CLOCK} MHz",
        f"{clock} MHz" if clock else "",
        clock <= OFFICIAL_CLOCK if clock else None,
    )


def _value(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
