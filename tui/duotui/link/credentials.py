"""The password of a board's user, for a login by its line or by ssh."""

import os

from duotui.base.board_profile import DUO_64M
from duotui.base.child_process import PASSWORD_VARIABLE
from duotui.base.errors import NotReady
from duotui.base.translation import gettext as _


def board_password() -> str:
    """The password in PASSWORD_VARIABLE, else that of the vendor's images."""
    return os.environ.get(PASSWORD_VARIABLE) or DUO_64M.password


def password_refused(user: str) -> NotReady:
    return NotReady(
        _("the board does not take the password of {user}", user=user),
        _(
            "put the right one into {variable}, or set it to {password}",
            variable=PASSWORD_VARIABLE,
            password=DUO_64M.password,
        ),
    )
