"""Writer of a bundle for the contest's pull request (docs/judging.md)."""

import hashlib
import json
from pathlib import Path

from duotui.base import resources
from duotui.base.errors import UsageError
from duotui.base.files import reported, write_into
from duotui.base.translation import gettext as _
from duotui.report.bundle import ENGINE, SCRIPT, SUMS, TEMPLATES, bundle_texts
from duotui.scoring.verdict import Verdict

EXECUTABLE = 0o755


def prepare_bundle(folder: Path) -> None:
    """Make the folder before the first run. Raises UsageError if it is there with other files, or
    cannot be made."""
    with reported(folder, _("cannot be made")):
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()) and not (folder / SUMS).exists():
            raise UsageError(
                _("{folder} has other files in it", folder=folder), _("name a new folder")
            )


def write_bundle(folder: Path, verdict: Verdict) -> None:
    """Write the bundle of `verdict` into `folder`. Raises UsageError."""
    source = resources.PACKAGE / "data" / "bundle"
    templates = {name: (source / name).read_text("utf-8") for name in TEMPLATES}
    recipe = json.loads(resources.BOARD.with_suffix(".json").read_text("utf-8"))
    engine = resources.BOARD.read_bytes()
    engine_hash = hashlib.sha256(engine).hexdigest()
    texts = bundle_texts(verdict, templates, recipe, engine_hash)
    files = {name: text.encode("utf-8", "replace") for name, text in texts.items()}
    files[ENGINE] = engine
    sums = (f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items()))
    files[SUMS] = "".join(sums).encode()
    write_into(folder, files)
    for name in (ENGINE, SCRIPT):
        with reported(folder / name, _("cannot be written")):
            (folder / name).chmod(EXECUTABLE)
