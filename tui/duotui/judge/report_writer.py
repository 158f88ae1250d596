"""Writer of a judge session's results: on stdout, and in files."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TextIO

from duotui.base.errors import UsageError
from duotui.base.files import check_writable, reported, write_into
from duotui.base.json_text import json_text
from duotui.base.translation import gettext as _
from duotui.judge.bundle_writer import prepare_bundle, write_bundle
from duotui.judge.options import JudgeOptions
from duotui.judge.saved_session import VERDICT_FILE, SavedSession, new_folder
from duotui.report.html import html_report
from duotui.report.markdown import markdown_boards, markdown_report
from duotui.report.strings import report_phrases
from duotui.report.tables import named, official_remark, sameness, title
from duotui.scoring.verdict import Verdict
from duotui.scoring.verdict_json import to_json


@dataclass(frozen=True, slots=True)
class ReportWriter:
    """Writer of verdicts to `out` (JSON or Markdown), reports to `folder` and to `kept`, the saved
    session's, troubles to `err`. `home` gets a folder for a report that has none, `bundle` what
    the contest's pull request needs."""

    as_json: bool = False
    folder: Path | None = None
    kept: Path | None = None
    home: Path | None = None
    bundle: Path | None = None
    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)

    def prepare(self) -> None:
        """Make the folder before the first run. Raises UsageError if it cannot be made or
        written."""
        if self.folder is not None:
            with reported(self.folder, _("cannot be made")):
                self.folder.mkdir(parents=True, exist_ok=True)
                check_writable(self.folder / VERDICT_FILE)
        if self.bundle is not None:
            prepare_bundle(self.bundle)

    @property
    def destination(self) -> Path | None:
        """The folder in which a user looks for the report."""
        return self.folder or self.kept

    def save(self, verdict: Verdict) -> None:
        """Write the files of the report. Raises UsageError if one cannot be written to `folder`."""
        if self.kept is not None:
            try:
                self._write(self.kept, verdict)
            except UsageError as error:
                print(f"duotui: {error}", file=self.err)
        if self.folder is not None:
            self._write(self.folder, verdict)
        if self.bundle is not None:
            write_bundle(self.bundle, verdict)

    def save_now(self, verdict: Verdict) -> Path:
        """Write the report before the end, and return its folder. Raises UsageError."""
        folder = self.destination or self._new_folder()
        self._write(folder, verdict)
        return folder

    def _new_folder(self) -> Path:
        if self.home is None:
            raise UsageError(_("the report has no folder"), _("--report FOLDER names one"))
        with reported(self.home, _("cannot be written")):
            return new_folder(self.home, f"{datetime.now():%Y-%m-%dT%H-%M-%S}-recording")

    def _write(self, folder: Path, verdict: Verdict) -> None:
        baseline = {"baseline.txt": verdict.baseline.text} if verdict.baseline else {}
        files = {
            VERDICT_FILE: json_text(to_json(verdict), ascii_only=False),
            "report.md": markdown_report(verdict),
            "report.html": html_report(verdict),
            "story.txt": verdict.story,
            **baseline,
        }
        write_into(folder, {name: text.encode("utf-8", "replace") for name, text in files.items()})

    def publish(self, verdict: Verdict, show: Callable[[Verdict], None]) -> None:
        """Show `verdict` before the files, and write these also if stdout fails: neither a full
        disk nor a full stdout takes the verdict with it. Raises StdoutFailed or UsageError."""
        try:
            show(verdict)
        finally:
            self.save(verdict)

    def print(self, verdict: Verdict) -> None:
        text = json_text(to_json(verdict)) if self.as_json else markdown_report(verdict)
        print(text, end="", file=self.out)

    def print_several(self, verdicts: list[Verdict]) -> None:
        if self.as_json:
            values = [to_json(verdict) for verdict in verdicts]
            print(json_text(values), end="", file=self.out)
        else:
            print(markdown_boards(verdicts), end="", file=self.out)

    def in_subfolder(self, name: str) -> "ReportWriter":
        """A writer like this one, into the folder `name` inside this one's."""
        if self.folder is None:
            return self
        inner = replace(self, folder=self.folder / name)
        inner.prepare()
        return inner

    def reprint(self, verdict: Verdict) -> None:
        """Print a summary, after a screen has shown the verdict."""
        strings = report_phrases()
        print(title(verdict, strings), file=self.out)
        print(official_remark(verdict, strings), file=self.out)
        for reason in verdict.void:
            print(named(strings["void"], reason), file=self.out)
        if verdict.score is not None:
            rate = strings["rate"].format(n=len(verdict.counted))
            print(f"{verdict.score.mean:.6f} {rate}", file=self.out)
        print(named(strings["same"], sameness(verdict, strings)), file=self.out)
        if self.destination is not None:
            print(self.destination / "report.html", file=self.out)

    def keep(self, options: JudgeOptions) -> SavedSession | None:
        """Return a new saved session inside `home`; None where it cannot be saved, which `err`
        then says."""
        if self.home is None:
            return None
        try:
            return SavedSession.create(self.home, options, datetime.now())
        except UsageError as error:
            text = _("this session is not saved: {error}", error=error)
            print(f"duotui: {text}", file=self.err)
            return None
