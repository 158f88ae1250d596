"""`duotui setup --sd`: a board's card, mounted on this computer, set up or put back."""

import shlex
import sys
from pathlib import Path

from duotui.base.errors import NotReady
from duotui.base.translation import gettext as _
from duotui.board.installer import InstallFile
from duotui.board.sd_card import (
    CardNotWritable,
    check_card,
    has_owner_script,
    install_on_card,
    keep_owner_script,
    undo_install,
)
from duotui.cli.setup_dialog import OWNER_NOTE, SetupDialog, SetupOptions, megabytes


def set_up_card(
    options: SetupOptions, card: Path, files: tuple[InstallFile, ...], dialog: SetupDialog
) -> None:
    """List what a card gets, ask if something of its owner's is there, and write it. With
    `options.undo` the card is put back. Raises DuotuiError, and Cancelled if the user declines."""
    try:
        check_card(card)
        if options.undo:
            dialog.confirm(_("Remove duotui from the card at {card}?", card=card))
            undo_install(card)
            dialog.say(_("removed: unmount the card, and the board starts as before"))
            return
        dialog.say(_("{card} gets", card=card))
        for part in files:
            dialog.say(f"  {part.target:<28} {megabytes(part.size)}")
        if has_owner_script(card):
            dialog.say(f"  {OWNER_NOTE}")
            dialog.confirm(_("Write them to {card}?", card=card))
            keep_owner_script(card)
        install_on_card(card, files)
    except CardNotWritable as error:
        what = _("{message} by this user: the files of a card are root's", message=error.message)
        raise NotReady(what, as_root(options, card)) from error
    dialog.say(_("ready: unmount the card, and put it into the board"))


def as_root(options: SetupOptions, card: Path) -> str:
    """The command that does the same as root, by this very installation and with the same files."""
    program = Path(sys.argv[0])
    own = [str(program.resolve())] if program.name == "duotui" else [sys.executable, "-m", "duotui"]
    words = ["sudo", *own, "setup", "--sd", str(card.resolve())]
    for name, path in (("model", options.model), ("tokenizer", options.tokenizer)):
        if path is not None:
            words += [f"--{name}", str(path.resolve())]
    words += ["--engine", str(options.engine.resolve())]
    return shlex.join([*words, *(["--undo"] if options.undo else [])])
