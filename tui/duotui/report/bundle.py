"""Bundle of a judged session for the contest's pull request: its texts, from templates. Pure.

The templates are `data/bundle/`. A README in each language, the script of the runs, the runs as
run.c's log, and the reports are texts; the engine is added by whoever writes the bundle.
"""

import shlex
from collections.abc import Mapping
from string import Template
from types import MappingProxyType
from typing import Any

from duotui import __version__
from duotui.base.board_profile import DUO_64M
from duotui.base.json_text import json_text
from duotui.base.translation import language_in_use
from duotui.base.untrusted_text import one_line
from duotui.report.html import html_report
from duotui.report.markdown import markdown_report
from duotui.report.markdown_text import inline, table
from duotui.report.strings import report_phrases
from duotui.report.tables import Phrases, official, official_remark, sameness, title
from duotui.scoring.official_settings import OFFICIAL_MODEL, official_model
from duotui.scoring.verdict import Verdict, word_diff
from duotui.scoring.verdict_json import to_json

READMES: Mapping[str, str] = MappingProxyType({"README.md": "en", "README.zh-CN.md": "zh"})
"""The language of each README."""

SCRIPT, ENGINE, SUMS = "run30.sh", "duollama", "SHA256SUMS"
TEMPLATES = (*READMES, SCRIPT)


def bundle_texts(
    verdict: Verdict, templates: Mapping[str, str], recipe: Mapping[str, Any], engine_hash: str
) -> dict[str, str]:
    """Return the text of each file by its name. `recipe` describes the build of the engine."""
    v = verdict
    reports = {}
    for name, language in READMES.items():
        with language_in_use(language):
            values = _readme_values(v, recipe, engine_hash)
            reports[name] = Template(templates[name]).substitute(values)
            reports[name.replace("README", "report")] = markdown_report(v)
    with language_in_use("en"):
        reports["report.html"] = html_report(v)
    return {
        **reports,
        SCRIPT: Template(templates[SCRIPT]).substitute(_script_values(v)),
        "outputs.txt": outputs_log(v),
        "story.txt": f"{v.story}\n",
        "baseline.txt": f"{v.baseline.text}\n" if v.baseline is not None else "",
        "diff.txt": _difference(v),
        "verdict.json": json_text(to_json(v), ascii_only=False),
    }


def outputs_log(v: Verdict) -> str:
    """Return the counted runs as run.c prints them."""
    return "".join(
        f"{run.text.rstrip(chr(10))}\nachieved tok/s: {run.rate:f}\n\n" for run in v.counted
    )


def _difference(v: Verdict) -> str:
    if v.baseline is None:
        return "no baseline\n"
    if v.identical:
        return f"identical, {len(v.counted)} of {len(v.counted)} runs\n"
    other = next(run for run in v.counted if not v.baseline.same(run))
    marks = {"=": "{}", "+": "[+ {} +]", "-": "[- {} -]"}
    words = (marks[kind].format(text) for kind, text in word_diff(other.text, v.baseline.text))
    return " ".join(words) + "\n"


def _script_values(v: Verdict) -> dict[str, str]:
    r = v.request
    return {
        "runs": str(max(len(v.counted), 1)),
        "warm": str(sum(not run.counted for run in v.runs)),
        "model_hash": v.ready.model_hash if v.ready is not None else "",
        "mode": str(r.mode),
        "temperature": repr(r.temperature),
        "top_p": repr(r.top_p),
        "seed": str(r.seed),
        "steps": str(r.steps),
        "prompt": shlex.quote(r.prompt),
    }


def _readme_values(v: Verdict, recipe: Mapping[str, Any], engine_hash: str) -> dict[str, str]:
    strings = report_phrases()
    ready, conditions = v.ready, v.before or v.after
    unknown = strings["met_unknown"]
    score = f"{v.score.mean:.6f} {strings['rate'].format(n=len(v.counted))}" if v.score else unknown
    shown = {
        "title": title(v, strings),
        "official": official_remark(v, strings),
        "score": score,
        "same": sameness(v, strings),
        "engine": f"duollama {ready.version}, {ready.machine}" if ready is not None else unknown,
        "model": f"{ready.model}, {ready.model_hash}" if ready is not None else unknown,
        "machine": (conditions and (conditions.board or conditions.machine)) or unknown,
        "image": (conditions and conditions.image) or unknown,
        "kernel": (conditions and conditions.kernel) or unknown,
        "program": str(recipe["program"]),
        "architecture": str(recipe["architecture"]),
        "compiler": str(recipe["compiler"]),
        "packages": ", ".join(f"{name} {ver}" for name, ver in recipe["packages"].items()),
    }
    return {
        **{name: inline(text) for name, text in shown.items()},
        "command": one_line(shlex.join(v.command)),
        "settings": "\n".join(_settings(v, strings)),
        "get": _get(v),
        "version": __version__,
        "address": DUO_64M.network_address,
        "engine_hash": engine_hash,
        "recipe": str(recipe["recipe"]),
    }


def _settings(v: Verdict, strings: Phrases) -> list[str]:
    head = [strings[name] for name in ("setting", "wanted", "found", "met")]
    rows = [[inline(cell) for cell in row] for row in official(v, strings)]
    return list(table([head, *rows]))


def _get(v: Verdict) -> str:
    """Return the commands that make the packed model, indented."""
    if official_model(v):
        lines = [f"duotui model get {OFFICIAL_MODEL}", f"duotui pack {OFFICIAL_MODEL}.bin"]
    else:
        lines = ["duotui pack MODEL.bin --tokenizer TOKENIZER.bin"]
    lines[-1] += " -o story.duo"
    if v.ready is not None:
        lines[-1] += f"   # {v.ready.model_hash[:16]}..."
    return "\n        ".join(lines)
