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
HOME_OWN = "home-own"


def wall_part(name: str) -> str:
    """A panel of the wall whose content comes as a tree."""
    return f"wall-{name}"


def wall_chart(name: str) -> str:
    """A chart of the wall: map, lens, xian, trend."""
    return f"wall-chart-{name}"


BEHAVIOUR_PERIOD = "behaviour-period"  # how many days back
BEHAVIOUR_SAID = "behaviour-said"  # as of when, or why there are no figures
BEHAVIOUR_TOTALS = "behaviour-totals"
BEHAVIOUR_PEOPLE = "behaviour-people"


def behaviour_chart(name: str) -> str:
    """A chart of the statistics of behaviour: daily, hours, roles, functions, organisations."""
    return f"behaviour-chart-{name}"


def behaviour_table(name: str) -> str:
    """The table that says the same as that chart."""
    return f"behaviour-table-{name}"
