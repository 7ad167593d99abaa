"""What a viewer may see: a required part of every question, added to its conditions whatever else is asked."""

from dataclasses import dataclass

# Kinds of scope and the dimension each one limits; "all" and "none" limit by nothing and by everything.
LIMITED = {"enterprise": "enterprise", "district": "district", "exit_office": "exit_office"}


@dataclass(frozen=True)
class Scope:
    """The rows a viewer may see: all, none, or those of one enterprise, district or exit office.

    Raises ValueError for an unknown kind, or a limited kind without its value: a forgotten value must not show all.
    """

    kind: str
    value: str = ""

    def __post_init__(self) -> None:
        if self.kind in ("all", "none"):
            return
        if self.kind not in LIMITED:
            raise ValueError(f"没有这种数据范围:{self.kind}")
        if not self.value:
            raise ValueError("数据范围缺少取值")

    @property
    def key(self) -> str:
        """The scope as part of a cache key."""
        return f"{self.kind}:{self.value}"

    def limits(self) -> dict[str, tuple[str, ...]]:
        """Return the scope as filters on dimensions."""
        return {LIMITED[self.kind]: (self.value,)} if self.kind in LIMITED else {}


ALL = Scope("all")
NOTHING = Scope("none")
