"""The variables of the environment that the program reads, for its man page and its settings."""

from collections.abc import Mapping
from types import MappingProxyType

from duotui.base.child_process import PASSWORD_VARIABLE
from duotui.base.log import LOG_VARIABLE
from duotui.settings.config_file import CONFIG_VARIABLE, DATA_VARIABLE

ENVIRONMENT_VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        CONFIG_VARIABLE: "The file of settings.",
        DATA_VARIABLE: "The folder of the diary and the favourites.",
        "DUOTUI_ENGINE": "The program duollama to use.",
        LOG_VARIABLE: "The file of the log, as --log.",
        PASSWORD_VARIABLE: "The password of the board's root.",
        "DUOTUI_TRACEBACK": "If set, an unexpected error prints the way there.",
        "HF_ENDPOINT": "The address of Hugging Face, or of a mirror, for duotui model get.",
        "http_proxy": "The proxy of duotui model get for http.",
        "https_proxy": "The proxy of duotui model get for https.",
        "no_proxy": "The hosts that need no proxy.",
        "NO_COLOR": "If set, no colours.",
    }
)
"""What each is for, by its name."""
