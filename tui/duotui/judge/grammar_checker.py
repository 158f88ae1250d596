"""Grammar errors in a text, by Harper, offline. `pip install 'duotui[grammar]'` installs it."""

import importlib.util
import json

from duotui.base.child_process import last_line, python_module, run_program
from duotui.base.errors import NotReady
from duotui.base.translation import gettext as _
from duotui.scoring.mistake import GrammarMistake

DIALECT = "us"


def available() -> bool:
    return importlib.util.find_spec("harper") is not None


def find_mistakes(text: str) -> tuple[GrammarMistake, ...]:
    """Harper's findings, in order. Raises NotReady if it is not installed or does not answer."""
    if not available():
        raise NotReady(_("no grammar checker is installed"), _("pip install 'duotui[grammar]'"))
    command = python_module(
        "harper", "lint", "--no-color", "--format", "json", "--dialect", DIALECT
    )
    done = run_program(command, stdin=text, timeout=60, check=False)
    try:
        files = json.loads(done.stdout) if done.stdout.strip() else []
        lints = [lint for file in files for lint in file["lints"]]
        return tuple(
            sorted(
                (
                    GrammarMistake(
                        lint["span"]["char_start"],
                        lint["span"]["char_end"],
                        lint["rule"],
                        lint["message"],
                    )
                    for lint in lints
                ),
                key=lambda mistake: mistake.start,
            )
        )
    except (ValueError, KeyError, TypeError) as error:
        why = last_line(done.stderr, _("it said nothing"))
        raise NotReady(_("the grammar checker does not answer"), why) from error
