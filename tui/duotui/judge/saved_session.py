"""A judge session in the user's data folder: its options, its recordings and its verdict so far.

Thirty runs may take hours. Whatever ends the program, the session can go on from here.
"""

import dataclasses
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from duotui.base.clock import Clock, MonotonicClock
from duotui.base.errors import Busy, UsageError
from duotui.base.files import atomic_write, read_text, reported
from duotui.base.json_text import json_text
from duotui.base.oscompat import folder_lock
from duotui.base.parsing import parse_json
from duotui.base.translation import gettext as _
from duotui.judge.earlier_runs import EarlierRuns, earlier_runs, warm_up_runs
from duotui.judge.options import JudgeOptions
from duotui.judge.session import JudgeSession
from duotui.protocol.request import Mode, Request
from duotui.scoring.verdict import Verdict
from duotui.scoring.verdict_json import to_json
from duotui.session.recording import Recording

SAVED_FORMAT = 1
SESSION_FILE, VERDICT_FILE = "session.json", "verdict.json"
FILE_LIMIT_BYTES = 64 << 20

SAVE_SECONDS = 1.0
"""Seconds between two verdicts so far, at least. The recording misses nothing."""


@dataclass
class SavedSession:
    """The folder of one session, and the options that it was begun with."""

    folder: Path
    options: JudgeOptions
    recordings: tuple[Path, ...] = ()
    finished: bool = False
    _new: bool = False
    _saved_at: float | None = None

    @classmethod
    def create(cls, parent: Path, options: JudgeOptions, now: datetime) -> "SavedSession":
        """Make a folder inside `parent`. Raises UsageError if that fails."""
        name = f"{now:%Y-%m-%dT%H-%M-%S}-{file_label(options.target)[:40]}"
        with reported(parent / name, _("cannot be made")):
            folder = new_folder(parent.absolute(), name)
        saved = cls(folder, options, _new=True)
        saved._write()
        return saved

    @classmethod
    def load(cls, folder: Path) -> "SavedSession":
        """Read the session in `folder`. Raises UsageError if there is none."""
        folder = folder.absolute()
        path = folder / SESSION_FILE
        with reported(path):
            text = read_text(path, FILE_LIMIT_BYTES)
        try:
            values = parse_json(text)
            if values["duotui judge session"] != SAVED_FORMAT:
                raise UsageError(_("{path} has another format", path=path), _("use a newer duotui"))
            paths = tuple(folder / str(name) for name in values["recordings"])
            return cls(folder, _options(values["options"]), paths, values["finished"] is True)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(_("{path} is damaged", path=path), _("begin a new session")) from error

    @classmethod
    def latest(cls, parent: Path) -> "SavedSession":
        """Read the last session inside `parent` that was cut off. Raises UsageError without one."""
        folders = sorted(parent.glob(f"*/{SESSION_FILE}"), reverse=True)
        for path in folders:
            with suppress(UsageError):
                saved = cls.load(path.parent)
                if not saved.finished:
                    return saved
        raise UsageError(_("no judge session was cut off"), _("duotui judge begins one"))

    @contextmanager
    def sitting(self, options: JudgeOptions) -> Iterator[JudgeOptions]:
        """Hold the session for this program alone, and yield `options` for its next sitting: with
        the runs until now, and the sitting's own recording.

        Raises Busy if another program has it, UsageError if it is over or a recording cannot be
        read.
        """
        with ExitStack() as stack:
            with reported(self.folder):
                stack.enter_context(folder_lock(self.folder, self._refuse))
            if self.finished:
                raise UsageError(
                    _("the session in {folder} is over", folder=self.folder),
                    _("begin a new session"),
                )
            yield replace(
                options,
                earlier=self._earlier(),
                warm=warm_up_runs(options.warm, len(self.recordings)),
                record=self._next_recording(),
            )

    def keep(self, session: JudgeSession) -> None:
        """Save each run of `session` as it ends."""
        clock = MonotonicClock()

        def save(verdict: Verdict) -> None:
            # a full disk does not end the session: it ends the recording too, which is told
            with suppress(UsageError):
                self.save(verdict, clock)

        session.on_save = save

    def _refuse(self) -> None:
        raise Busy(
            _("the session in {folder} runs in another program", folder=self.folder),
            _("end that first"),
        )

    def _earlier(self) -> EarlierRuns:
        for path in self.recordings:
            if not path.exists():
                raise UsageError(
                    _("{path}, a recording of this session, is missing", path=path),
                    _("put it back, or begin a new session"),
                )
        recordings = [Recording(path) for path in self.recordings]
        return earlier_runs(recordings, self.options.request, self.options.warm, self._void())

    def save(self, verdict: Verdict, clock: Clock) -> None:
        """Write the verdict so far, at most once a second. The first run of a sitting makes its
        recording one of the session. Raises UsageError."""
        now, before = clock.now(), self._saved_at
        if before is not None and now - before < SAVE_SECONDS:
            return
        self._saved_at = now
        if before is None:
            self.recordings = (*self.recordings, self._next_recording())
            self._write()
        with reported(self.folder / VERDICT_FILE, _("cannot be written")):
            text = json_text(to_json(verdict), ascii_only=False)
            atomic_write(self.folder / VERDICT_FILE, text.encode("utf-8", "replace"))

    def close(self, verdict: Verdict | None) -> None:
        """End the sitting. One without a run leaves nothing. Raises UsageError."""
        if self._saved_at is None:
            if self._new:
                shutil.rmtree(self.folder, ignore_errors=True)
            else:
                (self.folder / self._next_recording().name).unlink(missing_ok=True)
        elif verdict is not None:
            self.finished = len(verdict.counted) >= self.options.runs
            self._write()

    def _next_recording(self) -> Path:
        number = len(self.recordings) + 1
        name = "recording.jsonl" if number == 1 else f"recording-{number}.jsonl"
        given = self.options.record
        return self.folder / name if given is None or number > 1 else given.absolute()

    def _void(self) -> tuple[str, ...]:
        with suppress(OSError, ValueError, KeyError, TypeError):
            values = parse_json(read_text(self.folder / VERDICT_FILE, FILE_LIMIT_BYTES))
            return tuple(str(reason) for reason in values["void"])
        return ()

    def _write(self) -> None:
        path = self.folder / SESSION_FILE
        values = {
            "duotui judge session": SAVED_FORMAT,
            "finished": self.finished,
            # by name, so that the folder may be moved; one that the user named may be elsewhere
            "recordings": [
                path.name if path.parent == self.folder else str(path) for path in self.recordings
            ],
            "options": _values(self.options),
        }
        with reported(path, _("cannot be written")):
            atomic_write(path, json_text(values, ascii_only=False).encode("utf-8", "replace"))


def file_label(label: str) -> str:
    """A target as a part of a file's name."""
    return "".join(c if c.isalnum() else "-" for c in label).strip("-")


def new_folder(parent: Path, name: str) -> Path:
    """Make a folder of that name, or of the name with a number. Raises OSError."""
    parent.mkdir(parents=True, exist_ok=True)
    for number in range(1, 1000):
        folder = parent / (name if number == 1 else f"{name}-{number}")
        with suppress(FileExistsError):
            folder.mkdir()
            return folder
    raise FileExistsError(17, _("there are a thousand of its name"), str(parent / name))


_PLAIN = ("target", "runs", "warm", "speak", "anyway")
_PATHS = ("model", "tokenizer", "baseline")


def _values(options: JudgeOptions) -> dict[str, Any]:
    paths = {name: getattr(options, name) for name in _PATHS}
    return {
        **{name: getattr(options, name) for name in _PLAIN},
        "target": options.named or options.target,
        **{name: path and str(path.absolute()) for name, path in paths.items()},
        "request": dataclasses.asdict(options.request),
        "model_arguments": list(options.model_arguments),
    }


def _options(values: dict[str, Any]) -> JudgeOptions:
    """Return the options of `values`. Raises ValueError, KeyError, TypeError or UsageError."""
    fields = {**values["request"], "mode": Mode(values["request"]["mode"])}
    kinds: Sequence[type] = (str, int, int, bool, bool)
    plain = {name: kind(values[name]) for name, kind in zip(_PLAIN, kinds, strict=True)}
    model, tokenizer, baseline = (values[name] for name in _PATHS)
    return JudgeOptions(
        request=Request(**fields).checked(),
        model=Path(model),
        tokenizer=Path(tokenizer) if tokenizer else None,
        baseline=Path(baseline) if baseline else None,
        model_arguments=tuple(map(str, values["model_arguments"])),
        **plain,
    )
