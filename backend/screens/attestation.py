"""What screens report to show, compared: the proof that a wall shows what was published, and what that proof is worth.

The server cannot know from the published bytes what a browser made of them, so it compares what browsers themselves
report: a hash over the texts of the figures of all faces, whichever of them is in front. Screens that show the same
generation, page, program and composition must agree with most of their like, and one screen must go on showing what it
showed first of a generation.

This finds a screen that got stuck, was tampered with or shows figures wrongly alone. It does not find a fault that all
screens share, nor one that a single screen without two others of its kind shows from a generation's first heartbeat on;
and a browser that lies about its hash is not found either.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import RowMapping

from backend.screens.told import Told, composition

Screen = Mapping[str, Any] | RowMapping  # a row of wall_screen
DIFFERENCE = "screen_differs"
# Beats running that differ from the first of a generation. The platform publishes every 45 s and a screen beats every
# 15 s, so a third such beat would mostly come too late; one alone might be an accident of drawing.
STEADY = 2
SHOWN = (
    "generation",
    "view",
    "build",
    "size",
    "scale_shown",
)  # While these stay, a screen must go on showing the same.
LEAST_OTHERS = 2  # One other screen alone proves nothing: either of the two may be wrong.
AGAINST_OTHERS = "显示的数字与其他大屏不同，请到现场核对"
AGAINST_ITSELF = "同一代数据前后显示的数字不同，请到现场核对"


class Found(NamedTuple):
    """What is wrong with a screen, for the alert: its subject, in words, and what the alert keeps."""

    subject: str
    words: str
    detail: dict[str, Any]


class Vote(NamedTuple):
    """The screens that differ from most of their like, and the subjects of those that agree with them."""

    outvoted: list[Found]
    agreeing: set[str]


def subject_of(screen_id: int) -> str:
    """How alerts name a screen: by its number, which stays when it gets another name."""
    return f"第 {screen_id} 号屏"


def called(screen: Screen) -> str:
    """Name and place of a screen, for people."""
    return f"{screen['name']}（{screen['place']}）" if screen["place"] else str(screen["name"])


def difference(screen: Screen, words: str) -> Found:
    """The alert about a screen that shows other figures than it should."""
    detail = {"generation": screen["generation"], "hash": screen["frame_hash"]}
    return Found(subject_of(screen["id"]), f"大屏“{called(screen)}”{words}", detail)


def steadiness(known: Screen | None, told: Told) -> tuple[str | None, int]:
    """What the screen showed first of this generation, and how many beats running it has shown something else."""
    same = known is not None and all(known[name] == getattr(told, name) for name in SHOWN)
    if known is None or not same or told.frame_hash is None or known["first_hash"] is None:
        return told.frame_hash, 0
    if known["first_hash"].partition(":")[0] != told.frame_hash.partition(":")[0]:
        return told.frame_hash, 0  # Another algorithm: the address of the wall changed from plain to secure.
    return known["first_hash"], 0 if told.frame_hash == known["first_hash"] else known["odd_beats"] + 1


def compare(screens: Iterable[Screen]) -> Vote:
    """Compare screens heard just now, each with its like; where there is no clear majority nobody is accused."""
    outvoted, agreeing = list[Found](), set[str]()
    for group in _alike(screens):
        usual, votes = Counter(s["frame_hash"] for s in group).most_common(1)[0]
        if votes < LEAST_OTHERS or 2 * votes <= len(group):
            continue
        outvoted += [difference(s, AGAINST_OTHERS) for s in group if s["frame_hash"] != usual]
        # A screen that agrees proves something only when there are two others that it agrees with.
        agreeing |= {subject_of(s["id"]) for s in group if s["frame_hash"] == usual and votes > LEAST_OTHERS}
    return Vote(outvoted, agreeing)


def _alike(screens: Iterable[Screen]) -> Iterable[list[Screen]]:
    """The screens in groups that should show the same, told by the same algorithm."""
    groups = defaultdict(list)
    for s in screens:
        if s["frame_hash"] and s["generation"]:
            method = s["frame_hash"].partition(":")[0]
            groups[s["generation"], s["view"], s["build"], composition(s["size"], s["scale_shown"]), method].append(s)
    return groups.values()
