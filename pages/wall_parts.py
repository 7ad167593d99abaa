"""What every face of the wall is made of: parts that arrive as trees, charts, and panels that belong to a face."""

from typing import Any

from dash import html

from dashboard import ids
from dashboard.blank import blank_text
from dashboard.components import Live, labelled, labelled_by
from dashboard.echarts import EChart

OVERVIEW = "overview"


def live(name: str, tag: str = "div", cls: str = "") -> Live:
    """A part of the wall that arrives as a tree, with its dashes until then."""
    return Live(id=ids.wall_part(name), tag=tag, className=cls, tree=blank_text().get(name))


def chart(name: str, base: dict[str, Any], **more: Any) -> EChart:
    """A chart of the wall; `more` are its outlines and its crop where it is a map."""
    return EChart(id=ids.wall_chart(name), base=base, **more)


def panel(
    area: str, title: str, body: list[Any], note: Any = None, ruled: bool = True, face: str = OVERVIEW, also: str = ""
) -> html.Section:
    """A panel of a face: no box, one rule above, its title and perhaps a note at the right end of the title's line.

    `also` is another face that shows the same panel.
    """
    name = f"wall-title-{area}" if face == OVERVIEW else f"wall-title-{face}-{area}"
    heading = html.H2([title, note] if note is not None else title, id=name)
    faces = f"of-{face} of-{also}" if also else f"of-{face}"
    classes = f"panel {'ruled ' if ruled else ''}{area} {faces}"
    return html.Section([heading, *body], className=classes, **labelled_by(name))


def untitled(area: str, body: Any, words: str, face: str = OVERVIEW) -> html.Section:
    """A panel whose parts carry their own titles; `words` name it for screen readers."""
    return html.Section(body, className=f"{area} of-{face}", **labelled(words))
