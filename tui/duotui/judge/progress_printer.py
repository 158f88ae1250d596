"""Progress of a judge session without a screen: lines on stderr."""

from duotui.base.text_width import right_aligned
from duotui.base.translation import gettext as _
from duotui.judge.report_writer import ReportWriter
from duotui.judge.session import JudgeSession
from duotui.report.strings import report_phrases
from duotui.report.tables import official_remark, title


class ProgressPrinter:
    """Print a line for each run, as it ends."""

    def __init__(self, writer: ReportWriter, lead: str = "") -> None:
        self._err, self._lead = writer.err, lead
        self._strings = report_phrases()
        self._shown, self._warned, self._noted = 0, False, ""
        self._titled = False

    def show(self, session: JudgeSession) -> None:
        if session.before is not None and not (self._warned or session.refused):
            self._warned = True
            for line in session.before.troubles():
                self._print(line)
        if session.note != self._noted:
            self._noted = session.note
            if self._noted:
                self._print(f"duotui: {self._noted}")
        if session.source.ready is not None and session.baseline is not None and not self._titled:
            self._titled = True
            verdict, strings = session.so_far, self._strings
            self._print(title(verdict, strings))
            self._print(official_remark(verdict, strings, session.options.runs))
        runs = session.source.runs
        while self._shown < len(runs) and session.baseline is not None:
            run = runs[self._shown]
            self._shown += 1
            count = sum(before.counted for before in runs[: self._shown])
            number = (
                _("{count:>3} of {runs}", count=count, runs=session.options.runs)
                if run.counted
                else _("warm-up")
            )
            same = _("= identical") if session.baseline.same(run) else _("≠ another story")
            doubt = f"  ! {run.doubt}" if run.doubt else ""
            self._print(f"{right_aligned(number, 9)}  {run.rate:9.4f} tok/s  {same}{doubt}")

    def _print(self, line: str) -> None:
        print(self._lead + line, file=self._err, flush=True)
