"""Every component id, once; layout and wiring meet here and nowhere else."""

PLACE = "place"  # the browser's address
CONTENT = "content"  # where the page of that address is put
TICK = "tick"  # the one timer of all pages
GENERATION = "generation"  # id of the published generation that this browser knows
PULSE = "pulse"  # what the server said at the last tick: its time and build
FRAME = "frame"
RIBBON = "ribbon"  # the demo tag of the ordinary pages
LIFE = "life"  # takes the outcome of browser-side bookkeeping, shows nothing

WALL_SHOWN = "wall-shown"  # generation whose figures are on the wall
WALL_ASK = "wall-ask"  # generation that the wall asks for through a plain callback
WALL_PAYLOAD = "wall-payload"  # its answer

HOME_FIGURES = "home-figures"


def wall_part(name: str) -> str:
    """A panel of the wall whose content comes as a tree."""
    return f"wall-{name}"


def wall_chart(name: str) -> str:
    """A chart of the wall: map, lens, xian, trend."""
    return f"wall-chart-{name}"
