"""Words that may stand on a Chinese screen, and those of it that may not."""

import re

from textual.app import App

_NAMES = """
tok s token top p top-p fp32 nats mib kib mb mhz ms utf utf-8 svg ok enter escape ctrl tab space up
down left right end backspace f1 duo duotui duollama harper llama2.c milkv-duo rv64gcv0p7 x86-64
avx2 dev sim virtual auto exact fast reference stories15m stories15m.duo cd590644 config.toml
"""
NAMES = frozenset(_NAMES.split())
"""Names, units, keys, modes and file names: they are the same in each language."""

WORD = re.compile(r"[A-Za-z][A-Za-z0-9'._-]*")


def words_of(text: str) -> set[str]:
    return {word.rstrip("._-'") for word in WORD.findall(text.lower())}


def english(text: str, told: str) -> set[str]:
    """English words of `text` that are neither names nor words told, also cut off at an edge."""
    allowed = words_of(told) | NAMES
    words = {word for word in words_of(text) - allowed if len(word) > 1}
    cut = {word for word in words for name in allowed if name.startswith(word)}
    cut |= {word for word in words for name in allowed if name.endswith(word)}
    return {word for word in words - cut if not word.startswith("ttyacm")}


async def english_on(app: App[None], size: tuple[int, int], *keys: str, told: str) -> set[str]:
    """English words on a screen of `app` after `keys`, apart from those of `told`: a story, and
    what a script says in place of the program."""
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
        return english(screen_text(app), told)


def screen_text(app: App[None]) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())
