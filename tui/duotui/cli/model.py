"""duotui model: list the models that are known by name, or download one."""

import argparse
from collections.abc import Sequence

from duotui.base.errors import Exit, UsageError
from duotui.base.json_text import json_text
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.cli.arguments import add_json_argument

HELP = N_("Models that are known by name: what there is, and fetching one.")


DESCRIPTIONS = (
    N_("15.2 M parameters, 32000 pieces: the contest's model"),
    N_("0.3 M parameters, 512 pieces: to try things with"),
)
"""What data/models.json says of each model."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("list", "get"))
    parser.add_argument("name", nargs="?", help=_("of the model to get"))
    parser.add_argument(
        "--from",
        dest="sources",
        action="append",
        default=[],
        metavar="[NAME=]PLACE",
        help=_("URL or folder of its files, or NAME=PLACE for one of them; may be repeated"),
    )
    add_json_argument(parser, _("the list, as JSON"))


def run(options: argparse.Namespace) -> int:
    if options.action == "get":
        _get(options.name, options.sources)
    else:
        _list(options.json)
    return Exit.OK


def _get(name: str | None, given: Sequence[str]) -> None:
    from duotui.cli.model_fetch import fetch_model
    from duotui.targets import model_store

    if not name:
        raise UsageError(_("which model?"), _("duotui model list names those that are known"))
    print(fetch_model(model_store.find(name), given))


def _list(as_json: bool) -> None:
    from duotui.targets import model_store

    store, known = model_store.default_store(), model_store.known()
    paths = {m.name: str(m.path(store)) if m.complete(store) else None for m in known}
    if as_json:
        rows = [{"name": m.name, "size": m.size, "path": paths[m.name]} for m in known]
        print(json_text(rows), end="")
        return
    for each in known:
        where = paths[each.name] or f"duotui model get {each.name}"
        print(f"{each.name:<12} {each.size / 1e6:5.1f} MB  {_(each.what)}; {each.licence}")
        print(f"{'':<12} {where}")
