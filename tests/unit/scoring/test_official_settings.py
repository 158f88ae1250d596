"""Official settings: what of a verdict is the contest's, and what is not."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from duotui.base import resources
from duotui.base.translation import use_language
from duotui.protocol.events import Ready, Source
from duotui.protocol.request import Mode, Request
from duotui.report.html import html_report
from duotui.report.markdown import markdown_boards, markdown_report
from duotui.report.strings import report_phrases
from duotui.report.tables import official_remark, title
from duotui.scoring.machine_conditions import MachineConditions, parse_conditions
from duotui.scoring.official_settings import (
    OFFICIAL_MODEL,
    OFFICIAL_MODEL_HASH,
    OFFICIAL_TOKENIZER_HASH,
    MachineKind,
    is_official,
    machine_kind,
    official_items,
)
from duotui.scoring.run import Run
from duotui.scoring.verdict import Verdict
from support.conditions import DUO_CONDITIONS

DUO = parse_conditions(DUO_CONDITIONS)
RUN = Run(counted=True, ids=(1, 2), text="a cat", rate=30.0, first=0.1, peak=1, faults=0)
READY = Ready(
    0,
    Source.BOARD,
    version="0.1.0",
    model="stories15M.duo",
    machine="Linux riscv64",
    model_hash=OFFICIAL_MODEL_HASH,
    tokenizer_hash=OFFICIAL_TOKENIZER_HASH,
    modes=tuple(Mode),
    vocabulary=32000,
    context=256,
    parameters=9,
    boot=1,
)


def verdict() -> Verdict:
    return Verdict(
        target="/dev/ttyACM0",
        request=Request(),
        runs=(RUN,) * 30,
        ready=READY,
        before=DUO,
        after=DUO,
    )


def unmet(v: Verdict) -> list[str]:
    return [item.name for item in official_items(v) if item.met is False]


def test_the_hashes_are_those_of_the_models_list() -> None:
    models = {
        each["name"]: each
        for each in json.loads((resources.PACKAGE / "data/models.json").read_text("utf-8"))
    }
    hashes = [file["sha256"] for file in models[OFFICIAL_MODEL]["files"]]
    assert hashes == [OFFICIAL_MODEL_HASH, OFFICIAL_TOKENIZER_HASH]


def test_an_official_session() -> None:
    assert unmet(verdict()) == []
    assert is_official(verdict()) is True
    assert title(verdict(), report_phrases()) == "Baby LLaMA 2 on a Milk-V Duo 64M"
    remark = official_remark(verdict(), report_phrases())
    assert remark == "All official settings were met."


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"ready": replace(READY, model_hash="00" * 32)}, "model"),
        ({"ready": replace(READY, tokenizer_hash="00" * 32)}, "tokenizer"),
        ({"request": Request(prompt="Once")}, "prompt"),
        ({"request": Request(seed=1)}, "seed"),
        ({"request": Request(temperature=0.9)}, "temperature"),
        ({"request": Request(top_p=1.0)}, "top_p"),
        ({"request": Request(steps=255)}, "steps"),
        ({"runs": (RUN,) * 29}, "runs"),
        ({"runs": (replace(RUN, counted=False),) * 30}, "runs"),
        ({"before": replace(DUO, machine="x86_64")}, "machine"),
        ({"before": replace(DUO, board="riscv-virtio,qemu")}, "machine"),
        ({"before": replace(DUO, board="StarFive VisionFive 2")}, "machine"),
        ({"before": replace(DUO, swaps=(("/dev/zram0", 1),))}, "swap"),
        ({"before": replace(DUO, clock=1047)}, "clock"),
    ],
)
def test_each_setting_can_be_broken(change: dict[str, object], name: str) -> None:
    broken = replace(verdict(), **change)  # type: ignore[arg-type]
    assert unmet(broken) == [name]
    assert is_official(broken) is False
    for language in ("en", "zh"):
        use_language(language)
        strings = report_phrases()
        remark = official_remark(broken, strings)
        assert remark.startswith(strings["official_no"])
        assert remark in markdown_report(broken).replace("\\", "")
        assert remark in html_report(broken).replace("&#x27;", "'")
        assert strings["official_short"] in markdown_report(broken)


@pytest.mark.parametrize(
    ("conditions", "kind", "words"),
    [
        (DUO, MachineKind.DUO, "on a Milk-V Duo 64M"),
        (replace(DUO, board="Cvitek. CV180X ASIC. C906."), MachineKind.OTHER_BOARD, "another"),
        (
            replace(DUO, board="riscv-virtio,qemu"),
            MachineKind.EMULATED,
            "an emulated Duo, no board",
        ),
        (replace(DUO, machine="x86_64"), MachineKind.COMPUTER, "this computer, no Duo"),
    ],
)
def test_the_machine_is_in_the_title(
    conditions: MachineConditions, kind: MachineKind, words: str
) -> None:
    judged = replace(verdict(), before=conditions)
    assert machine_kind(judged) is kind
    heading = markdown_report(judged).partition("\n")[0]
    assert words in heading
    assert words in html_report(judged).partition("</title>")[0]


def test_the_model_is_in_the_title_if_it_is_not_the_contests() -> None:
    judged = replace(verdict(), ready=replace(READY, model="stories.duo", model_hash="00" * 32))
    words = "model stories.duo, not the contest's (stories15M)"
    assert words in title(judged, report_phrases())
    assert words in markdown_boards([judged, verdict()]).replace("\\", "")


def test_a_log_tells_neither_model_nor_machine() -> None:
    logged = Verdict("base.out.txt", Request(), (RUN,) * 30)
    assert machine_kind(logged) is MachineKind.UNKNOWN
    assert is_official(logged) is None
    unknown = {item.name for item in official_items(logged) if item.met is None}
    assert {"model", "machine", "seed", "swap"} <= unknown
    assert "prompt" not in unknown


def test_a_recording_of_a_computer_is_no_duos() -> None:
    played = replace(
        verdict(), before=None, after=None, ready=replace(READY, machine="Linux x86_64")
    )
    assert machine_kind(played) is MachineKind.COMPUTER
    assert machine_kind(replace(played, ready=READY)) is MachineKind.UNKNOWN


def test_a_session_that_goes_on_counts_the_runs_that_it_will_have() -> None:
    begun = replace(verdict(), runs=())
    assert unmet(begun) == ["runs"]
    assert is_official(begun, planned=30) is True
