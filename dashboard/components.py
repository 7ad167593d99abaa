"""Our own build-free page components: thin Python classes whose browser half lies in assets/js/."""

from typing import Any

from dash.development.base_component import Component


class Panorama(Component):
    """What our components share; a subclass only names its properties (`PROPS`)."""

    _namespace = "panorama"
    _children_props: list[str] = []
    _base_nodes = ["children"]
    PROPS: tuple[str, ...] = ("id",)

    def __init__(self, **given: Any) -> None:
        self._type = type(self).__name__
        self._prop_names = list(self.PROPS)
        self.available_properties = list(self.PROPS)
        self._valid_wildcard_attributes: list[str] = []
        self.available_wildcard_properties: list[str] = []
        super().__init__(**{name: value for name, value in given.items() if value is not None})


class Live(Panorama):
    """An element whose content is a tree (see dashboard.markup); texts that change cross-fade.

    `tag` is the element it makes itself (div by default), `tree` a node or a list of nodes.
    """

    PROPS = ("id", "tag", "className", "tree")


class Roll(Panorama):
    """One line that shows the nodes of `tree` in turn, `per` (base, wide) at a time, each for `seconds`."""

    PROPS = ("id", "className", "tree", "seconds", "per", "label")


class Fresh(Panorama):
    """How old the data are, in words, told anew every second from `asOf` (ISO with offset)."""

    PROPS = ("id", "asOf")


class Clock(Panorama):
    """The date, weekday and time in Asia/Shanghai by the server's clock."""

    PROPS = ("id",)


class Frame(Panorama):
    """Tells the root element which page frame is in force (wall or page): it sets the root size of all type."""

    PROPS = ("id", "layout", "title")


def labelled(words: str) -> dict[str, Any]:
    """The attribute that names a region for screen readers (its dash keeps it from being a keyword)."""
    return {"aria-label": words}


def labelled_by(element: str) -> dict[str, Any]:
    """The same, by the id of the element that holds the name."""
    return {"aria-labelledby": element}
