"""What every Dash callback needs, and whether a request for one is what a browser of ours would send."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from backend.identity.roles import SELF

Shape = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass
class CallbackRights:
    """The permission of every Dash callback, by its output as the browser spells it."""

    of: Mapping[str, str] = field(default_factory=dict)
    shapes: Mapping[str, Shape] = field(default_factory=dict)  # what each callback is asked with
    pages: Mapping[str, str] = field(default_factory=dict)  # permission by address, for the callback that builds pages
    place: str = ""  # the output of that callback
    by_itself: tuple[str, ...] = ()  # the inputs that change without anybody doing something

    def permission(self, body: Any) -> str | None:
        """The permission that a callback's request needs; None for a callback that nobody declared or a forged one."""
        output = body.get("output") if isinstance(body, dict) else None
        if not isinstance(output, str) or spelled(body.get("outputs")) != output:
            return None
        if (named(body.get("inputs")), named(body.get("state") or ())) != self.shapes.get(output):
            return None
        if output == self.place:
            return self.page(str(body["inputs"][0].get("value") or "/"))
        return self.of.get(output)

    def page(self, path: str) -> str:
        """The permission of the page at an address; an address without a page shows nothing but that."""
        return self.pages.get(path.rstrip("/") or "/", SELF)

    def comes_by_itself(self, body: Any) -> bool:
        """Whether only the clock asked."""
        return all(changed in self.by_itself for changed in body.get("changedPropIds") or ())


def named(parts: Any) -> tuple[str, ...] | None:
    """The names of a request's inputs or state; None for anything malformed."""
    try:
        return tuple(f"{one['id']}.{one['property']}" for one in parts)
    except (KeyError, TypeError):
        return None


def spelled(outputs: Any) -> str | None:
    """The output string that belongs to a request's list of outputs; None for anything malformed."""
    try:
        if isinstance(outputs, dict):
            return f"{outputs['id']}.{outputs['property']}"
        return ".." + "...".join(f"{one['id']}.{one['property']}" for one in outputs) + ".."
    except (KeyError, TypeError):
        return None
