"""The summary of a run: a line of numbers, JSON, a file of token ids."""

import math
from pathlib import Path
from typing import Any

from duotui.base.files import atomic_write, reported
from duotui.base.translation import gettext as _
from duotui.base.translation import ngettext
from duotui.protocol import events
from duotui.session.source_state import SourceState
from duotui.session.state import SessionState


def numbers(state: SessionState) -> str:
    """Return the figures of a run in one line."""
    board, stats = state.board, state.board.stats
    parts = [
        _("{tokens} tokens", tokens=len(board.tokens)),
        _("{rate:.1f} tok/s by the board's clock", rate=board.rate),
    ]
    if board.rate_doubt:
        parts.append(_("not to be believed: {rate_doubt}", rate_doubt=board.rate_doubt))
    if board.first_token is not None:
        parts.append(
            _("first token after {first_token:.0f} ms", first_token=board.first_token * 1000)
        )
    if stats is not None:
        parts.append(
            _(
                "{peak:.1f} MiB at most, {faults} major faults",
                peak=stats.peak / 1024,
                faults=stats.faults,
            )
        )
    if board.run is not None:
        parts.append(_("{mode}, seed {seed}", mode=board.run.mode, seed=board.run.seed))
    if state.baseline.run is not None and state.diff.compared:
        diff = state.diff
        same = _(
            "identical, {compared} of {tokens} tokens",
            compared=diff.compared,
            tokens=len(state.baseline.tokens),
        )
        parts.append(same if diff.identical else _("differs at token {first}", first=diff.first))
    return _("; ").join(parts)


def speech(ended: events.SpeechEnded) -> str:
    """Return the figures of a spoken story in one line; its seconds are not the run's."""
    count = ngettext("{count} sentence", "{count} sentences", ended.sentences)
    return _(
        "said aloud: {count} in {heard:.1f} s, {prepared:.1f} s to prepare them",
        count=count,
        heard=ended.heard,
        prepared=ended.prepared,
    )


def summary(state: SessionState) -> dict[str, Any]:
    """Return the object that `--json` prints."""
    board, run, ready, stats = state.board, state.board.run, state.board.ready, state.board.stats
    compared = state.baseline.run is not None
    return {
        "story": board.text,
        "prompt": run and run.prompt,
        "prompt_ids": run and list(run.ids),
        "ids": [token.id for token in board.tokens],
        "probabilities": [
            None if math.isnan(token.probability) else token.probability for token in board.tokens
        ],
        "mode": run and run.mode,
        "steps": run and run.steps,
        "temperature": run and run.temperature,
        "top_p": run and run.top_p,
        "seed": run and run.seed,
        "ended": board.ended and board.ended.reason,
        "tokens_per_second": round(board.rate, 3),
        "rate_doubt": board.rate_doubt or None,
        "first_token_seconds": board.first_token,
        "peak_kib": stats and stats.peak,
        "major_faults": stats and stats.faults,
        "target": board.target,
        "engine": ready and ready.version,
        "model": ready and ready.model,
        "model_sha256": ready and ready.model_hash,
        "identical": state.diff.identical if compared else None,
        "compared": state.diff.compared if compared else None,
        "first_difference": state.diff.first if compared else None,
        "speech_seconds": board.speech_ended and round(board.speech_ended.heard, 3),
        "speech_preparing_seconds": board.speech_ended and round(board.speech_ended.prepared, 3),
    }


def write_ids(path: Path, source: SourceState) -> None:
    """Write the prompt's ids and every next id, in the format of `duollama --ids`. Raises
    UsageError."""
    prompt = source.run.ids if source.run else ()
    lines = {"prompt": prompt, "out": [token.id for token in source.tokens]}
    text = "".join(f"{name}: {' '.join(map(str, ids))}\n" for name, ids in lines.items())
    with reported(path, _("cannot be written")):
        atomic_write(path, text.encode("ascii"), for_all=True)
