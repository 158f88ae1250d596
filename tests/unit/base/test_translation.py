"""Language that is chosen, and catalogues that are whole."""

import ast
import json
import re
import string
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from duotui.base import translation
from duotui.base.resources import PACKAGE
from duotui.base.translation import (
    LANGUAGES,
    environment_language,
    gettext,
    language_in_use,
    lazy_gettext,
    ngettext,
    pgettext,
    use_language,
)
from duotui.cli.model import DESCRIPTIONS

KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None}
CATALOGUE = PACKAGE / "locale" / "zh_CN" / "LC_MESSAGES" / "duotui.po"


def catalogue() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file)


def messages(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def key(message: Message) -> tuple[str, str]:
    one = message.id if isinstance(message.id, str) else message.id[0]
    return message.context or "", one


def texts(message: Message) -> list[str]:
    """The translations of a message, one for each plural form."""
    if isinstance(message.string, str):
        return [message.string]
    return list(message.string or ("",))


def placeholders(text: str) -> set[str]:
    """Names in braces, with their formats."""
    return {
        f"{name}:{format_}"
        for _text, name, format_, _kind in string.Formatter().parse(text)
        if name
    }


def extracted() -> dict[tuple[str, str], tuple[str, ...]]:
    """What `make messages` finds in the package: the messages, by context and text."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for _file, _line, message, _comments, context in extract_from_dir(
        PACKAGE, [("**.py", "python")], keywords=KEYWORDS
    ):
        parts = (message,) if isinstance(message, str) else tuple(message)
        found[context or "", parts[0]] = parts
    return found


def marked(tree: ast.Module) -> Iterator[str]:
    """Texts that a module gives to a function of translation."""
    functions = {"_", "N_", "gettext", "ngettext", "pgettext", "lazy_gettext"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            at = 1 if node.func.id == "pgettext" else 0
            if node.func.id in functions and len(node.args) > at:
                text = node.args[at]
                assert not isinstance(text, ast.JoinedStr), ast.unparse(node)
                assert not isinstance(text, ast.BinOp), ast.unparse(node)
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    yield text.value


def test_every_message_is_in_the_catalogue_and_no_other() -> None:
    found = extracted()
    known = {key(message) for message in messages(catalogue())}
    assert set(found) - known == set()
    assert known - set(found) == set()
    assert not catalogue().obsolete


def test_babel_finds_what_the_modules_mark() -> None:
    found = {text for _context, text in extracted()}
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        assert set(marked(tree)) - found == set(), path


SAID = {
    *("DuotuiError", "UsageError", "NoDevice", "NoPermission", "Busy", "NotReady", "LinkBroken"),
    *("Differs", "Cancelled", "ShellLost", "CardNotWritable", "EngineFault", "StdoutFailed"),
    *("Finding", "Fault", "ArgumentTypeError", "notify", "say", "confirm"),
}
"""Functions and classes whose texts a user reads."""

PHRASE = re.compile(r"[A-Za-z]{2,} [a-z]|^[a-z]{3,}$")


def literal(node: ast.expr) -> str:
    """The letters of a text in a module; "" of anything else."""
    if isinstance(node, ast.JoinedStr):
        return "".join(literal(part) for part in node.values)
    return str(node.value) if isinstance(node, ast.Constant) else ""


def spoken(tree: ast.Module) -> Iterator[str]:
    """Texts that are said without a translation."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func.attr if isinstance(node.func, ast.Attribute) else node.func
            name = function.id if isinstance(function, ast.Name) else function
            if name in SAID:
                named = [
                    each.value for each in node.keywords if each.arg in ("what", "mend", "hint")
                ]
                first = 1 if name == "Finding" else 0  # the name of its link
                texts = (literal(each) for each in (*node.args[first:], *named))
                yield from (text for text in texts if PHRASE.search(text))


def test_what_is_said_is_marked() -> None:
    for path in PACKAGE.rglob("*.py"):
        assert list(spoken(ast.parse(path.read_text("utf-8")))) == [], path


def test_what_is_not_marked_is_seen() -> None:
    code = 'raise UsageError(f"no such {thing} here", _("try again"))'
    assert list(spoken(ast.parse(code))) == ["no such  here"]


def test_every_message_is_translated() -> None:
    for message in messages(catalogue()):
        assert not message.fuzzy, message.id
        assert all(texts(message)), message.id


def test_a_translation_keeps_the_placeholders() -> None:
    for message in messages(catalogue()):
        for text in texts(message):
            assert placeholders(text) == placeholders(key(message)[1]), message.id


def test_a_translation_has_chinese_punctuation() -> None:
    for message in messages(catalogue()):
        for text in texts(message):
            assert not re.search(r"[\u4e00-\u9fff][,;:!?()]|[,;:!?][\u4e00-\u9fff]", text), text


def test_the_compiled_catalogue_is_of_this_one() -> None:
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = {key(message): texts(message) for message in messages(read_mo(file))}
    assert compiled == {key(message): texts(message) for message in messages(catalogue())}


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh"}, "zh"),
        ({"LANG": "zh.UTF-8"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh"),
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "fr:zh_CN:en"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LANGUAGE": "en"}, "en"),
        ({"LANG": "C", "LANGUAGE": "zh_CN"}, "en"),
        ({"LANGUAGE": "zh_CN"}, "en"),
    ],
)
def test_the_environment_chooses(environment: Mapping[str, str], code: str) -> None:
    assert environment_language(environment) == code


def test_a_message_in_both_languages() -> None:
    assert gettext("there is no {name}", name="x") == "there is no x"
    assert gettext("{path} cannot be read", path="a{b}") == "a{b} cannot be read"
    use_language("zh")
    assert gettext("{path} cannot be read", path="a{b}") == "a{b} 无法读取"
    assert gettext("no catalogue has this") == "no catalogue has this"
    assert gettext("") == ""


def test_a_context_has_its_own_translation() -> None:
    use_language("zh")
    assert gettext("Stop") == "停止"
    assert pgettext("story machine", "Stop") == "停一停"


def test_a_lazy_text_is_translated_when_it_is_shown() -> None:
    text = lazy_gettext("a number from {low:g} to {high:g}", low=0, high=1)
    assert f"{text}" == "a number from 0 to 1"
    with language_in_use("zh"):
        assert f"{text}" == "0 到 1 的数"
    assert f"{text}" == "a number from 0 to 1"


def test_a_number_chooses_the_form() -> None:
    assert ngettext("{count} run", "{count} runs", 1) == "1 run"
    assert ngettext("{count} run of {all}", "{count} runs of {all}", 2, all=3) == "2 runs of 3"


def test_each_language_has_a_catalogue_or_is_english() -> None:
    for code, locale in LANGUAGES.items():
        folder: Path = translation.LOCALE_FOLDER / locale
        assert code == "en" or (folder / "LC_MESSAGES" / "duotui.mo").is_file()


def test_the_models_are_described_in_each_language() -> None:
    models = json.loads((PACKAGE / "data" / "models.json").read_text("utf-8"))
    assert {each["what"] for each in models} == set(DESCRIPTIONS)
