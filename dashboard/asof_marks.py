"""Marks the figures of a wall that are known differently now than at the moment it shows."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from dashboard.markup import Node
from dashboard.proofs import shown
from datasources.asof import NOW, THEN, AsOfReader
from datasources.asof_readers import Past
from datasources.figure_keys import SHARE, figure_of
from datasources.proof import whole
from datasources.query import ask
from datasources.scope import ALL

NUMBER, NOT_A_DIGIT = re.compile(r"[\d,]+(\.\d+)?%?"), re.compile(r"\D")
PROOF, REVISED = "data-proof", "data-revised"


def mark(text: dict[str, Any], other: dict[str, Any], past: Past, known: str) -> int:
    """Mark every figure of the shown texts that has another text in the other knowledge; return how many were marked.

    text, other: part name -> tree, as dashboard.wall_text gives them; `text` is changed in place. A marked element
    carries the sign of what came later with the other text (data-revised: "▲ 1,235"), and both as its title.
    """
    both, marked = Both(past), 0
    for name, tree in text.items():
        beside = {(key, nth): letters(node) for key, nth, node in numbered(other.get(name))}
        for key, nth, node in numbered(tree):
            theirs = beside.get((key, nth))  # None where it has no place in the other ranking
            if theirs != letters(node):
                marked += mark_one(node, theirs, both, known)
    return marked


def numbered(tree: Node | list[Node] | None) -> Iterator[tuple[str, int, list[Any]]]:
    """Every figure of a tree with its key and how many of that key came before: each may be written differently."""
    seen: Counter[str] = Counter()
    for node in figures_in(tree):
        key = node[1][PROOF]
        yield key, seen[key], node
        seen[key] += 1


def mark_one(node: list[Any], theirs: str | None, both: "Both", known: str) -> bool:
    """Mark one figure if it differs; `theirs` is its text in the other knowledge, where it stands there too."""
    key, mine = node[1][PROOF], letters(node)
    texts = {known: mine, {THEN: NOW, NOW: THEN}[known]: theirs or ""}
    sign = sign_of(texts[THEN], texts[NOW])
    if not sign:  # not to be seen from the texts: only the figures themselves tell
        sign, texts = both.sign(key), both.texts(key)
    if not sign or texts[THEN] == texts[NOW]:
        return False
    other = theirs or texts[NOW if known == THEN else THEN]
    title = f"当时所知 {texts[THEN]}，现在所知 {texts[NOW]}"
    node[1] = {**node[1], REVISED: f"{sign} {other}", "title": title}
    return True


def sign_of(then: str, now: str) -> str:
    """▲ or ▼ by two texts that are written alike (1,234; 58.0%), nothing where not (9,876 万元 and 1.02 亿元)."""
    if not NUMBER.fullmatch(then) or not NUMBER.fullmatch(now) or shape(then) != shape(now):
        return ""
    before, after = (int(NOT_A_DIGIT.sub("", text)) for text in (then, now))
    return "▲" if after > before else "▼" if after < before else ""


def shape(text: str) -> tuple[int, bool]:
    """How many decimals a figure has, and whether it is a share."""
    return len(text.rstrip("%").partition(".")[2]), text.endswith("%")


def letters(node: Node) -> str:
    """The text of a tree."""
    return node if isinstance(node, str) else "".join(letters(child) for child in node[2:])


def figures_in(tree: Node | list[Node] | None) -> Iterator[list[Any]]:
    """Every element of a tree, or of several, that is a figure with a proof."""
    if not isinstance(tree, list) or not tree:
        return
    if not isinstance(tree[0], str):
        for one in tree:
            yield from figures_in(one)
        return
    if len(tree) > 1 and isinstance(tree[1], dict) and tree[1].get(PROOF):
        yield tree
    for child in tree[2:]:
        yield from figures_in(child)


class Both:
    """Any figure of a past moment, as known then and as known now; each is asked for once."""

    def __init__(self, past: Past) -> None:
        self.past = past
        self.found: dict[tuple[str, str], dict[str, Any]] = {}

    def texts(self, key: str) -> dict[str, str]:
        """The figure as the wall writes it, with its unit, by knowledge."""
        made = {known: shown(self._found(key, known)) for known in (THEN, NOW)}
        return {known: f"{one['text']} {one['unit']}".strip() for known, one in made.items()}

    def sign(self, key: str) -> str:
        """▲ where the figure is more now than it was then, ▼ where it is less, nothing where both are the same."""
        then, now = self._found(key, THEN), self._found(key, NOW)
        size = [(one["exact"] or 0) * (other["whole"] or 1) for one, other in ((then, now), (now, then))]
        return "▲" if size[1] > size[0] else "▼" if size[1] < size[0] else ""

    def _found(self, key: str, known: str) -> dict[str, Any]:
        if (key, known) not in self.found:
            self.found[key, known] = figure_found(self.past.reader(known), key)
        return self.found[key, known]


def figure_found(reader: AsOfReader, key: str) -> dict[str, Any]:
    """As much of a figure's proof as its text needs (see datasources.proof.proof)."""
    figure = figure_of(key)
    question = figure.question(reader.moment.day)
    return {
        "metric": {"name": figure.counted},
        "share": figure.metric == SHARE,
        "period": {"name": figure.period},
        "filters": [{"dimension": name} for name in figure.filters],
        "exact": ask(reader, question, ALL).total[figure.counted],
        "whole": whole(reader, figure, question, ALL),
    }
