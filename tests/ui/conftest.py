"""Home folder for each test, and a console without animations."""

import locale
from pathlib import Path

import pytest

from duotui.protocol.request import Request
from duotui.settings.config_file import Settings
from duotui.ui.app import ConsoleApp
from support.fixture_types import MakeConsole
from support.scripted_session import ScriptedSession


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DOCUMENTS_DIR", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv("DUOTUI_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(locale, "getencoding", lambda: "UTF-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def make(home: Path) -> MakeConsole:
    """Console on a scripted session, its animations off."""

    def build(
        session: ScriptedSession,
        settings: Settings | None = None,
        *,
        ascii: bool = False,  # noqa: A002 - the app's name for it
        first: Request | None = None,
    ) -> ConsoleApp:
        app = ConsoleApp(session, settings or Settings(), ascii=ascii, first=first)
        app.animation_level = "none"
        return app

    return build
