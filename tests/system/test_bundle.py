"""Bundle for the contest's pull request: what `duotui judge --bundle` writes."""

from __future__ import annotations

import hashlib
import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from duotui.base import resources
from support.judge_command import judge

if TYPE_CHECKING:
    from pathlib import Path

PROMPT = 'It\'s $HOME `date` "day" | 你好'


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle") / "new"
    request = ("--runs", "3", "--warm", "0", "-n", "60", "-s", "9", "-i", PROMPT)
    result = judge("sim", "--headless", "--bundle", folder, *request)
    assert result.returncode == 0, result.stderr
    return folder


def test_its_files_and_their_sums(bundle: Path) -> None:
    names = {path.name for path in bundle.iterdir()}
    assert names == {
        *("README.md", "README.zh-CN.md", "duollama", "run30.sh", "outputs.txt"),
        *("story.txt", "baseline.txt", "diff.txt", "verdict.json", "SHA256SUMS"),
        *("report.md", "report.zh-CN.md", "report.html"),
    }
    for line in (bundle / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        assert hashlib.sha256((bundle / name).read_bytes()).hexdigest() == digest
    assert (bundle / "duollama").read_bytes() == resources.BOARD.read_bytes()
    assert (bundle / "run30.sh").stat().st_mode & 0o111


def test_each_readme_says_what_is_needed(bundle: Path) -> None:
    verdict = json.loads((bundle / "verdict.json").read_text())
    for name, words in (("README.md", "this computer, no Duo"), ("README.zh-CN.md", "本机")):
        text = (bundle / name).read_text("utf-8")
        assert words in text
        assert verdict["engine"]["model_sha256"] in text
        assert f"{verdict['score']['mean']:.6f}" in text
        assert hashlib.sha256(resources.BOARD.read_bytes()).hexdigest() in text
        assert "$" not in text.replace("$HOME", "")
    assert "不" in (bundle / "report.zh-CN.md").read_text("utf-8")


def test_its_log_is_judged_as_the_session_was(bundle: Path) -> None:
    files = ("--outputs", bundle / "outputs.txt", "--baseline", bundle / "baseline.txt")
    result = judge(*files, "--headless", "-i", PROMPT)
    assert result.returncode == 0, result.stderr
    logged = json.loads(result.stdout)
    verdict = json.loads((bundle / "verdict.json").read_text())
    assert logged["correctness"]["identical_runs"] == 3
    assert logged["score"]["mean"] == pytest.approx(verdict["score"]["mean"], abs=1e-5)


def test_its_script_is_posix_and_keeps_the_prompt(bundle: Path, tmp_path: Path) -> None:
    """A script in place of the engine prints its arguments; everything else is real."""
    for name in ("run30.sh",):
        (tmp_path / name).write_bytes((bundle / name).read_bytes())
    verdict = json.loads((bundle / "verdict.json").read_text())
    engine = tmp_path / "duollama"
    engine.write_text(
        "#!/bin/sh\n"
        f'[ "$1" = inspect ] && echo "model sha256: {verdict["engine"]["model_sha256"]}" && exit\n'
        "while [ $# -gt 0 ]; do\n"
        '[ "$1" = -i ] && printf "%s\\nachieved tok/s: 2\\n" "$2"\n'
        "shift; done\n"
    )
    (tmp_path / "story.duo").touch()
    result = subprocess.run(
        ["sh", tmp_path / "run30.sh", "2"],
        env={"PATH": "/usr/bin:/bin", "MODEL": str(tmp_path / "story.duo")},
        capture_output=True,
        text=True,
        timeout=60,
        cwd="/",
    )
    if "swap is on" in result.stderr:
        pytest.skip("this computer has swap on")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1] == "mean of 2 runs: 2.000000 tok/s"
    assert (tmp_path / "outputs.txt").read_text() == f"{PROMPT}\nachieved tok/s: 2\n" * 2


def test_another_model_is_refused(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "run30.sh").write_bytes((bundle / "run30.sh").read_bytes())
    engine = tmp_path / "duollama"
    engine.write_text("#!/bin/sh\necho model sha256: 00\n")
    (tmp_path / "story.duo").touch()
    result = subprocess.run(
        ["sh", tmp_path / "run30.sh"],
        env={"PATH": "/usr/bin:/bin", "MODEL": str(tmp_path / "story.duo")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert "was not packed from the model with SHA-256" in result.stderr


def test_a_folder_with_other_files_is_refused_before_the_runs(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    result = judge("sim", "--headless", "--bundle", tmp_path)
    assert result.returncode == 2
    assert "has other files in it; name a new folder" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
