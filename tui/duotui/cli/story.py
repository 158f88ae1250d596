"""duotui story: the story machine, for a child alone."""

import argparse
import random
from dataclasses import replace
from datetime import datetime

from duotui.base.errors import Exit, UsageError
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.base.translation import use_language
from duotui.cli import resolve
from duotui.cli.arguments import add_ascii_argument, add_story_arguments
from duotui.cli.target import add_target_arguments, target_of
from duotui.settings.parental_settings import PARENTAL_SCHEMA

HELP = N_("The story machine: cards, pictures and a story, for a child alone.")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parental = PARENTAL_SCHEMA.settings
    add_target_arguments(parser)
    parser.add_argument(
        "--voice", choices=parental["voice"].choices, help=_("who reads aloud; off is nobody")
    )
    parser.add_argument("--name", help=_("the child's"))
    parser.add_argument("--theme", help=_("bedtime, cream, forest, sea, space or another"))
    add_ascii_argument(parser)
    add_story_arguments(parser)


def run(options: argparse.Namespace) -> int:
    if not resolve.on_terminal():
        raise UsageError(_("the story machine needs a terminal"), _("duotui tell needs none"))
    from duotui.cli.story_services import story_services
    from duotui.settings import config_file
    from duotui.story.content_filter import content_filter
    from duotui.story.controller import StoryController
    from duotui.story.generator import DEFAULT_REQUEST
    from duotui.story.strings import story_strings

    settings = config_file.load()
    values = {name: getattr(options, name) for name in ("voice", "name", "theme", "language")}
    given = {
        name: PARENTAL_SCHEMA.settings[name].check(text)
        for name, text in values.items()
        if text is not None
    }
    child = replace(settings.parental, **given)
    child = replace(child, name=content_filter().name(child.name))
    use_language(config_file.language(settings, child.language))
    rng = random.Random()
    target = target_of(options, resolve.board_or_sim)
    _check(target, options)
    session = resolve.session(target, options, baseline=False)
    services = story_services(session, child, resolve.request(options, DEFAULT_REQUEST), rng)
    controller = StoryController(services, child, story_strings())
    from duotui.ui.story_app import StoryApp

    StoryApp(controller, settings, datetime.now, rng, ascii=options.ascii).show()
    return Exit.OK


def _check(target: str, options: argparse.Namespace) -> None:
    """Check that the model of a target is there. A board that is away is waited for, with stored
    stories. Raises UsageError."""
    if target in ("sim", "virtual"):
        model, _tokenizer = resolve.files(options)
        if not model.is_file():
            raise UsageError(_("there is no model {model}", model=model), _("check the path"))
