"""A card that is mounted here: what is written stays on the card."""

from pathlib import Path

import pytest

from duotui.base.errors import UsageError
from duotui.board.installer import InstallFile
from duotui.board.sd_card import (
    STOCK_FILES,
    has_owner_script,
    install_on_card,
    keep_owner_script,
    undo_install,
)

TARGET = "/mnt/data/duotui/start.sh"


@pytest.fixture
def card(tmp_path: Path) -> Path:
    root = tmp_path / "card"
    for name in STOCK_FILES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


@pytest.fixture
def part(tmp_path: Path) -> InstallFile:
    source = tmp_path / "start.sh"
    source.write_text("#!/bin/sh\n")
    return InstallFile(target=TARGET, source=source, mode=0o755)


def test_a_file_is_written_whole_and_with_its_mode(card: Path, part: InstallFile) -> None:
    (written,) = install_on_card(card, (part,))
    assert written == card / TARGET.lstrip("/")
    assert (written.read_text(), written.stat().st_mode & 0o777) == ("#!/bin/sh\n", 0o755)


@pytest.mark.parametrize("link", ["mnt/data", "mnt/data/duotui", "mnt/data/duotui/start.sh"])
def test_a_link_off_the_card_is_refused(
    card: Path, part: InstallFile, tmp_path: Path, link: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (card / link).parent.mkdir(parents=True, exist_ok=True)
    (card / link).symlink_to(elsewhere if "." not in link else elsewhere / "victim")
    with pytest.raises(UsageError, match="leads off the card"):
        install_on_card(card, (part,))
    assert list(elsewhere.iterdir()) == []


def test_a_link_in_the_place_of_the_unfinished_file_is_not_followed(
    card: Path, part: InstallFile, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    unfinished = card / (TARGET.lstrip("/") + ".part")
    unfinished.parent.mkdir(parents=True)
    unfinished.symlink_to(victim)
    (written,) = install_on_card(card, (part,))
    assert (victim.read_text(), written.is_symlink()) == ("mine", False)


def test_a_link_on_the_card_is_followed(card: Path, part: InstallFile) -> None:
    (card / "data").mkdir()
    (card / "mnt/data").symlink_to("../data")
    install_on_card(card, (part,))
    assert (card / "data/duotui/start.sh").read_text() == "#!/bin/sh\n"


OWN = "#!/bin/sh\nmy-program &\n"


def test_the_owners_script_is_kept_and_put_back(card: Path, part: InstallFile) -> None:
    script = card / "mnt/data/auto.sh"
    script.parent.mkdir(parents=True)
    script.write_text(OWN)
    assert has_owner_script(card)
    ours = Path(str(part.source)).with_name("auto.sh")
    ours.write_text("#!/bin/sh\n/mnt/data/duotui/start.sh &\n")
    parts = (part, InstallFile(target="/mnt/data/auto.sh", source=ours, mode=0o755))
    for _ in range(2):
        keep_owner_script(card)
        install_on_card(card, parts)
        assert not has_owner_script(card)
        assert (card / "mnt/data/duotui/owner-auto.sh").read_text() == OWN
    undo_install(card)
    assert script.read_text() == OWN
    assert [path.name for path in script.parent.iterdir()] == ["auto.sh"]
    undo_install(card)
    assert script.read_text() == OWN


def test_without_a_script_of_the_owners_none_is_left(card: Path, part: InstallFile) -> None:
    ours = Path(str(part.source)).with_name("auto.sh")
    ours.write_text("/mnt/data/duotui/start.sh &\n")
    install_on_card(card, (InstallFile(target="/mnt/data/auto.sh", source=ours, mode=0o755),))
    undo_install(card)
    assert list((card / "mnt/data").iterdir()) == []


def test_undo_follows_no_link_off_the_card(card: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "duotui").mkdir(parents=True)
    (card / "mnt/data").symlink_to(elsewhere)
    with pytest.raises(UsageError, match="leads off the card"):
        undo_install(card)
    assert (elsewhere / "duotui").is_dir()
