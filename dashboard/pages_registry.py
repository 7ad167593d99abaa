"""What a page declares about itself; navigation, routing and permissions are built from these declarations."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Page:
    """One page. `layout` is the frame: "wall" (whole screen, no navigation) or "page"; `permission` "" means public."""

    path: str
    name: str
    title: str
    order: int
    layout: str = "page"
    permission: str = ""
    summary: str = ""


@dataclass(frozen=True)
class Visitor:
    """What a layout may know of the person in front of it."""

    name: str = ""
    roles: str = ""
    demo: bool = True
    csrf: str = ""
    permissions: frozenset[str] = frozenset()
    entries: tuple[tuple[str, str, str], ...] = ()  # pages of the counter: address, name, summary

    @property
    def signed_in(self) -> bool:
        """Whether a person with an account is there."""
        return self.name != ""

    def may(self, permission: str) -> bool:
        """Whether the visitor holds a permission; "" needs none."""
        return permission == "" or permission in self.permissions


@dataclass(frozen=True)
class Registered:
    """A page with the function that lays it out."""

    page: Page
    layout: Callable[[tuple[Page, ...], Visitor], Any]


class PagePathTaken(ValueError):
    """Two pages declare the same path."""


def register_pages(modules: Iterable[Any]) -> dict[str, Registered]:
    """Pages by path, in the order they declare; raises PagePathTaken."""
    pages: dict[str, Registered] = {}
    for module in sorted(modules, key=lambda m: m.PAGE.order):
        if module.PAGE.path in pages:
            raise PagePathTaken(f"两个页面使用了同一地址 {module.PAGE.path}")
        pages[module.PAGE.path] = Registered(module.PAGE, module.layout)
    return pages
