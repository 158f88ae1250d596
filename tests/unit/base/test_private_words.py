"""Private words of a text that is shared."""

from pathlib import Path

import pytest

from duotui.base.private_words import private_words, without_private


def test_home_user_and_secrets_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/lihua")
    monkeypatch.setenv("LOGNAME", "lihua")
    monkeypatch.setenv("DUOTUI_PASSWORD", "s3cret")
    monkeypatch.setattr("socket.gethostname", lambda: "lihuas-laptop")
    words = private_words([("A prompt\nof two lines", "PROMPT"), ("", "NAME"), ("id", "SERIAL")])
    text = "/home/lihua/x of lihua on lihuas-laptop: s3cret, A prompt\nof two lines, id lihuaX"
    assert without_private(text, words) == "~/x of USER on HOST: ***, PROMPT, id lihuaX"


def test_a_name_that_identifies_nobody_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/")
    monkeypatch.setenv("LOGNAME", "root")
    monkeypatch.setattr("socket.gethostname", lambda: "localhost")
    assert without_private("root at localhost / x", private_words()) == "root at localhost / x"


def test_no_home_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    assert isinstance(private_words(), dict)
