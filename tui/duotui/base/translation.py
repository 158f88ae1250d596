"""Translation of messages: gettext's catalogues, and the language that is chosen once at the start.

`N_` marks a text that is translated where it is shown: a constant, or an attribute of a class.
"""

import gettext as catalogues
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from duotui.base.resources import PACKAGE

DOMAIN = "duotui"
LOCALE_FOLDER = PACKAGE / "locale"

LANGUAGES: Mapping[str, str] = MappingProxyType({"en": "en", "zh": "zh_CN"})
"""The locale of each language, by its code in the settings. English is the messages' own."""

LANGUAGE_NAMES: Mapping[str, str] = MappingProxyType({"en": "English", "zh": "中文"})
"""The name of each language, in itself."""

AUTOMATIC = "auto"
"""The code of the language of the environment."""

ENVIRONMENT = ("LC_ALL", "LC_MESSAGES", "LANG")
"""Variables that name the locale; the first that is set counts. LANGUAGE is a list, before it."""


class _Current:
    """The catalogue that is in use, and its language's code."""

    code = "en"
    catalogue = catalogues.NullTranslations()


def environment_language(environment: Mapping[str, str]) -> str:
    """Return the code of the language that the environment asks for, as gettext reads it."""
    locale = next((environment[name] for name in ENVIRONMENT if environment.get(name)), "C")
    if locale in ("C", "POSIX"):
        return "en"
    for wanted in (*environment.get("LANGUAGE", "").split(":"), locale):
        code = wanted.replace("-", "_").partition("_")[0].partition(".")[0].lower()
        if code in LANGUAGES:
            return code
    return "en"


def use_language(code: str) -> None:
    """Translate all messages from now on into a language of LANGUAGES.

    argparse translates its own messages by the same catalogue: it knows LANGUAGE alone."""
    catalogue = catalogues.translation(
        DOMAIN, LOCALE_FOLDER, [LANGUAGES[code]], fallback=code == "en"
    )
    _Current.code, _Current.catalogue = code, catalogue
    os.environ["LANGUAGE"] = LANGUAGES[code]
    catalogues.textdomain(DOMAIN)
    catalogues.bindtextdomain(DOMAIN, LOCALE_FOLDER)


@contextmanager
def language_in_use(code: str) -> Iterator[None]:
    """Translate into a language in the body alone."""
    before = _Current.code
    use_language(code)
    try:
        yield
    finally:
        use_language(before)


def current_language() -> str:
    return _Current.code


def gettext(message: str, /, **values: object) -> str:
    """Return the translation of `message`, with `values` in the place of its {names}."""
    text = _Current.catalogue.gettext(message) if message else ""  # of "" it has its own header
    return text.format(**values) if values else text


def pgettext(context: str, message: str, /, **values: object) -> str:
    """Return the translation of a message that means something else in another context."""
    text = _Current.catalogue.pgettext(context, message)
    return text.format(**values) if values else text


def ngettext(one: str, many: str, count: int, /, **values: object) -> str:
    """Return the translation for `count` things, with it in the place of {count}."""
    return _Current.catalogue.ngettext(one, many, count).format(count=count, **values)


class LazyText:
    """A text that is translated each time that it is shown: for what is made by an import."""

    def __init__(self, message: str, /, **values: object) -> None:
        self._message, self._values = message, values

    def __str__(self) -> str:
        return gettext(self._message, **self._values)


def lazy_gettext(message: str, /, **values: object) -> LazyText:
    return LazyText(message, **values)


def untranslated(message: str) -> str:
    """Return `message` as it is: `make messages` finds it here."""
    return message
