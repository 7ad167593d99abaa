"""The themes of the token file: the same names in each, and every text legible on its ground."""

import re
from itertools import product
from pathlib import Path

import pytest

TOKENS = Path(__file__).resolve().parent.parent / "assets" / "00-tokens.css"
THEMES = ("dark", "light", "print")
LEAST = 4.5
INKS = ("ink", "ink-2", "ink-3", "jade", "gold", "up", "down", "warn")
# Names and figures on the map have a halo of the ground; these stand on the tints themselves.
ON_TINTS = ("ink",)
TINTS = ("land", "home", "val-1", "val-2", "val-3", "origin-1", "origin-2", "origin-3", "ground-2")


def tokens(theme: str) -> dict[str, str]:
    """The colours of a theme by name."""
    text = TOKENS.read_text(encoding="utf-8")
    block = re.search(rf'\[data-theme="{theme}"\] \{{(.*?)\}}', text, re.S)
    assert block is not None
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block[1]))


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2) of #rrggbb."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_measure_is_the_known_one() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_every_theme_has_the_same_names() -> None:
    names = [set(tokens(theme)) for theme in THEMES]
    assert names[0] == names[1] == names[2] and len(names[0]) >= 30


@pytest.mark.parametrize("theme", THEMES)
def test_every_text_is_legible_on_its_ground(theme: str) -> None:
    colours = tokens(theme)
    pairs = [
        *product(INKS, ("ground",)),
        *product(ON_TINTS, TINTS),
        ("ink-2", "home"),
        ("on-cinnabar", "cinnabar"),
        ("ground", "jade"),
    ]
    weak = {pair: round(found, 2) for pair in pairs if (found := contrast(*(colours[name] for name in pair))) < LEAST}
    assert weak == {}


def test_no_script_or_other_sheet_gives_a_colour_another_meaning() -> None:
    names = set(tokens("dark"))
    sheets = [path for path in TOKENS.parent.glob("**/*.css") if "vendor" not in path.parts and path != TOKENS]
    scripts = [path for path in TOKENS.parent.glob("**/*.js") if "vendor" not in path.parts]
    set_in = {path.name: set(re.findall(r"[;{\s]--([\w-]+):", path.read_text(encoding="utf-8"))) for path in sheets}
    set_in |= {
        path.name: set(re.findall(r"setProperty\('--([\w-]+)'", path.read_text(encoding="utf-8"))) for path in scripts
    }
    assert {"below", "stretch-down"} <= set().union(*set_in.values())  # what is set at all is found
    assert {name: found & names for name, found in set_in.items() if found & names} == {}
