"""What Python says about looks: names of tokens, sizes in rem, typefaces; values live in assets/00-tokens.css alone.

A chart option names a colour as {"__token__": "jade"} and a length as {"__rem__": 1.125}. The browser puts in the value
of the theme in force and the root size of the screen, so that an option is the same for every screen and theme.
"""

from typing import Any

CN = "Noto Sans SC Variable"
SONG = "Noto Serif SC Variable"
NUM = "IBM Plex Sans Condensed"

T_MIN, T_BODY, T_HEAD = 1.125, 1.25, 1.375  # rem; no text on a wall is smaller than T_MIN


def token(name: str) -> dict[str, str]:
    """The colour of this token in the theme that the screen shows."""
    return {"__token__": name}


def rem(size: float) -> dict[str, float]:
    """A length in root units, as CSS has it."""
    return {"__rem__": size}


def function(name: str) -> dict[str, str]:
    """A function of the browser's registry `panorama.functions`; never source text, so no eval is needed."""
    return {"__fn__": name}


def by_composition(base: Any, wide: Any) -> dict[str, Any]:
    """One value for the 16:9 composition, another for walls of 3:1 and wider."""
    return {"__by__": {"base": base, "wide": wide}}


def crop() -> dict[str, bool]:
    """The chart's own crop (a property of the component), widened in the browser to the shape of its panel."""
    return {"__crop__": True}


def edge(side: str, inset: float) -> dict[str, Any]:
    """The map coordinate that lies `inset` rem inside this side (left, right, top, bottom) of the panel."""
    return {"__edge__": [side, inset]}


def moving() -> dict[str, bool]:
    """True unless the viewer asked for reduced motion."""
    return {"__motion__": True}


def text(size: float, family: str = CN, weight: int = 400, color: str = "ink") -> dict[str, Any]:
    """A canvas text style with the halo of the ground, which keeps it legible over lines."""
    return {
        "fontFamily": family,
        "fontSize": rem(size),
        "fontWeight": weight,
        "color": token(color),
        "textBorderColor": token("halo"),
        "textBorderWidth": rem(0.16),
    }
