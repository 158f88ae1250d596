"""Judge sessions for a machine, for a machine with a fallback, and for a recording."""

from dataclasses import replace

from duotui.judge.fallback_runs import FallbackRuns
from duotui.judge.live_runs import LiveRuns
from duotui.judge.options import JudgeOptions
from duotui.judge.replayed_runs import ReplayedRuns
from duotui.judge.session import JudgeSession
from duotui.session.recording import Recording
from duotui.targets.judged_machine import JudgedMachine


def live_session(machine: JudgedMachine, options: JudgeOptions) -> JudgeSession:
    """A session with the runs of `machine`. Raises UsageError if `record` cannot be written."""
    options = options.seeded()
    return JudgeSession(_live_runs(machine, options), options, options.command())


def fallback_session(
    machine: JudgedMachine, options: JudgeOptions, recording: Recording, speed: float = 1.0
) -> JudgeSession:
    """A live session whose screen shows `recording` while the board is lost."""
    options = options.seeded()
    runs = FallbackRuns(_live_runs(machine, options), recording, speed)
    return JudgeSession(runs, options, options.command())


def replayed_session(
    recording: Recording, options: JudgeOptions, speed: float = 1.0
) -> JudgeSession:
    """A session with the runs and request of `recording`. Raises UsageError if it has none."""
    runs = ReplayedRuns(recording, options.warm, speed)
    return JudgeSession(
        runs,
        command=options.replay_command(recording.path),
        options=replace(
            options,
            target=f"RECORDING {recording.path.name}",
            request=runs.request,
            runs=runs.count,
            warm=runs.warm,
        ),
    )


def _live_runs(machine: JudgedMachine, options: JudgeOptions) -> LiveRuns:
    return LiveRuns(
        machine,
        options.request,
        runs=options.runs,
        warm=options.warm,
        speak=options.speak,
        record=options.record,
        earlier=options.earlier,
    )
