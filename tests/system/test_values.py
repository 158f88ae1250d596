"""Values that no engine takes: one line and status 2, at once, wherever they come from."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from duotui.base.errors import Exit
from duotui.protocol.request import Request
from duotui.settings.config_file import STORY_SCHEMA, load
from duotui.targets.engine_binary import find_engine
from support.scripted_model import write_scripted_model

DUOTUI = [sys.executable, "-m", "duotui"]

BAD = {
    "-t": ["3.5e38", "1e39", "1e300", "1e400", "nan", "inf", "-0.1", "1_0", "\u0661", ""],
    "-p": ["1.1", "nan", "-1", "1_0", "\u0661"],
    "-n": ["100000000000", "4294967296", "-1", "1.5", "1e3", "1_0", "\u0661\u0662", "9" * 5000],
    "-s": ["18446744073709551616", "-1", "0x10", "1_0", "\u00b2"],
}
GOOD = {
    "-t": ["0", "3.4028234e38", "1e-3", ".5", "+1"],
    "-p": ["0", "1", "0.25"],
    "-n": ["1", "4294967295", "007"],
    "-s": ["1", "18446744073709551615"],
}
AS_RUN_C = ("-0.1", "1.1", "-1", "18446744073709551616")
"""What the engine takes as run.c does (native/src/cli/options.c), for the contest's script."""

FIELDS = {"-t": "temperature", "-p": "top_p", "-n": "steps", "-s": "seed"}


def cases(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(option, text) for option, texts in table.items() for text in texts]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    weights, tokenizer = write_scripted_model(tmp_path_factory.mktemp("model"), [b" a", b" b"], 8)
    return [str(weights), "-z", str(tokenizer)]


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, input="")


@pytest.mark.parametrize(("option", "text"), cases(BAD))
def test_both_languages_refuse_it(option: str, text: str, model: list[str]) -> None:
    """`tell` and the engine, by the same status; the engine takes what run.c gives a meaning."""
    results = [run(*DUOTUI, "tell", "--port", "sim", f"{FIELDS_LONG[option]}={text}")]
    if text in AS_RUN_C:
        assert run(find_engine(), *model, "-n", "1", option, text).returncode == 0
    else:
        results.append(run(find_engine(), *model, option, text))
    for result in results:
        assert (result.returncode, result.stdout) == (Exit.USAGE, "")
        assert result.stderr.count("\n") == 1
        assert len(result.stderr) < 400


FIELDS_LONG = {"-t": "--temperature", "-p": "--top-p", "-n": "--steps", "-s": "--seed"}


@pytest.mark.parametrize("command", [["sim"], ["story", "sim"], ["judge", "sim", "--headless"]])
def test_every_command_refuses_it(command: list[str]) -> None:
    option = [] if command[0] == "story" else ["-t", "3.5e38"]
    bad = option or ["--speed", "3"]  # the story machine has no numbers
    result = run(*DUOTUI, *command, *bad)
    assert result.returncode == Exit.USAGE
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("text", ["0", "1000001", "1_0", "-1"])
def test_the_runs_of_a_judge_session_are_bounded(text: str) -> None:
    result = run(*DUOTUI, "judge", "sim", "--headless", f"--runs={text}")
    assert (result.returncode, result.stderr.count("\n")) == (Exit.USAGE, 1)


@pytest.mark.parametrize(("option", "text"), cases(GOOD))
def test_both_languages_take_it(option: str, text: str, model: list[str]) -> None:
    assert STORY_SCHEMA.settings[FIELDS[option]].check(text) is not None
    steps = [] if option == "-n" else ["-n", "1"]
    assert run(find_engine(), *model, *steps, option, text).returncode == 0


@pytest.mark.parametrize(
    "line",
    [
        "temperature = 1e300",
        "temperature = nan",
        "top_p = 1.5",
        "steps = 100000000000",
        "steps = -1",
        f"seed = {2**64}",
        f"seed = {'9' * 400}",
        f'prompt = "{"x" * 4069}"',
    ],
)
def test_a_value_of_the_file_is_a_warning_and_the_default_stands(line: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"[story]\n{line}\n")
    settings = load(file)
    assert settings.story == Request()
    assert len(settings.warnings) == 1


def request_with(field: str, value: Any) -> Request:
    return replace(Request(), **{field: value})


@pytest.mark.parametrize("field", ["temperature", "top_p", "steps", "seed"])
def test_a_request_made_elsewhere_is_checked(field: str) -> None:
    for value in (-1, 10**400, float("inf"), float("nan")):
        with pytest.raises(Exception, match=field.replace("_", "-")):
            request_with(field, value).checked()


def test_a_long_prompt_is_refused_before_anything_starts() -> None:
    result = run(*DUOTUI, "tell", "--port", "sim", "x" * 4069)
    assert (result.returncode, result.stderr.count("\n")) == (Exit.USAGE, 1)
    assert "at most 4000" in result.stderr
