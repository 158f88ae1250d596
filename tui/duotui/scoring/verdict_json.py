"""A verdict as JSON values: the fields of verdict.json (docs/judging.md). Pure."""

from typing import Any

from duotui.scoring.official_settings import is_official, machine_kind, official_items
from duotui.scoring.run import Run
from duotui.scoring.verdict import Verdict

VERDICT_FORMAT = 1


def to_json(verdict: Verdict) -> dict[str, Any]:
    """Convert a verdict to JSON values."""
    v, s, r = verdict, verdict.score, verdict.ready
    return {
        "duotui judge": VERDICT_FORMAT,
        "started": v.started,
        "target": v.target,
        "request": _fields(v.request),
        "engine": r
        and {
            "version": r.version,
            "machine": r.machine,
            "model": r.model,
            "model_sha256": r.model_hash,
            "tokenizer_sha256": r.tokenizer_hash,
            "built": v.built,
        },
        "conditions": {
            "before": v.before and _fields(v.before),
            "after": v.after and _fields(v.after),
        },
        "void": list(v.void),
        "trouble": v.trouble,
        "disturbed": v.disturbed,
        "sittings": v.sittings,
        "command": list(v.command),
        "official": {
            "met": is_official(v),
            "machine": machine_kind(v),
            "settings": {
                item.name: {"official": item.official, "found": item.found, "met": item.met}
                for item in official_items(v)
            },
        },
        "score": s
        and {
            "mean": s.mean,
            "dropped": list(s.dropped),
            "mean_of_all": s.plain,
            "median": s.median,
            "deviation": s.deviation,
            "runs": len(s.rates),
        },
        "correctness": {
            "identical": v.identical,
            "identical_runs": v.same,
            "repeatable": v.repeatable,
            "first_difference": v.difference,
            "agreement": v.agreement and v.agreement.fraction,
            "deviation": v.deviation,
            "doubtful_from": v.doubt,
            "nats": v.agreement and v.agreement.nats,
            "baseline_nats": v.own and v.own.nats,
            "mistakes": v.mistakes if v.mistakes is None else len(v.mistakes),
            "baseline_mistakes": v.baseline_mistakes
            if v.baseline_mistakes is None
            else len(v.baseline_mistakes),
            "baseline": v.baseline and v.baseline.source,
        },
        "speech": v.speech and _fields(v.speech),
        "roofline": v.roof
        and {
            "bytes_a_token": v.roof.bytes,
            "rate": v.roof.rate,
            "reached": v.roof.reached(s.mean) if s else None,
            "reads": v.roof.sweep.reads,
            "copy": v.roof.sweep.copy,
            "fill": v.roof.sweep.fill,
        },
        "runs": [_run(v, run) for run in v.counted],
        "ids": list(v.runs[0].ids) if v.runs else [],
        "story": v.story,
        "baseline": v.baseline and v.baseline.text,
    }


def _run(v: Verdict, run: Run) -> dict[str, Any]:
    """Convert a run to JSON values; a story other than the first run's is included."""
    same = v.baseline.same(run) if v.baseline is not None else None
    figures = {"rate": run.rate, "first": run.first, "peak": run.peak, "faults": run.faults}
    other = {"ids": list(run.ids), "text": run.text} if run.text != v.story else {}
    return {**figures, "identical": same, **other}


def _fields(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any of our dataclasses
    return {name: getattr(value, name) for name in value.__slots__}
