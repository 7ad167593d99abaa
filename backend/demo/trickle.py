"""What happens next in a demo world that has been written: one small thing at a time, going on after a restart."""

import json
import os
import random
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from backend.demo import cargo, journey, message, tables
from backend.demo.enterprises import Enterprise
from backend.demo.rates import RateBook, month_after, month_of

STATE_FILE = "trickle.json"
STEADY = 25  # declarations under way at which as many begin as end
FEWEST_NEW, MOST_NEW = 0.08, 0.6

Event = tuple[str, bytes]


class NoWorldHere(FileNotFoundError):
    """The folder holds no demo world to go on with."""


@dataclass
class Pending:
    """A declaration under way: its receipts sent so far, and the channels still to come."""

    seq: str
    entry: str
    declared: str  # ISO, Asia/Shanghai
    sent: int
    left: str


@dataclass
class State:
    """All that a restart must know; rates_until is the last month whose rates were handed over."""

    seed: int
    until: str
    enterprises: int
    next_serial: int
    rates_until: str
    events: int = 0
    pending: list[Pending] = field(default_factory=list)


def save(folder: Path, state: State) -> None:
    """Replace the state file whole, so that a crash leaves the old one or the new one."""
    draft = folder / (STATE_FILE + ".new")
    draft.write_text(json.dumps(asdict(state), ensure_ascii=False, indent=1), encoding="utf-8")
    os.replace(draft, folder / STATE_FILE)


def load(folder: Path) -> State:
    """Return the state kept in a folder; NoWorldHere if there is none."""
    try:
        kept = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NoWorldHere(f"目录 {folder} 中没有演示数据，请先生成演示数据。") from None
    return State(**{**kept, "pending": [Pending(**each) for each in kept["pending"]]})


def step(state: State, local: datetime, firms: list[Enterprise], rates: RateBook) -> list[Event]:
    """Return the files of the next thing that happens at `local` (Asia/Shanghai without offset) and move the state on.

    What happens depends on the seed and on how much has happened, never on what a process remembers.
    """
    rng = random.Random(f"{state.seed}/trickle/{state.events}")
    state.events += 1
    files = new_rates(state, local.date(), rates)
    share_of_new = min(MOST_NEW, max(FEWEST_NEW, 0.25 + (STEADY - len(state.pending)) / 80))
    if not state.pending or rng.random() < share_of_new:
        return files + new_declaration(state, rng, local, firms, rates)
    return files + next_receipt(state, rng, local)


def new_rates(state: State, today: date, rates: RateBook) -> list[Event]:
    """Return the rates of the months up to the next one, unless handed over: a month without rates holds everything."""
    wanted = month_after(month_of(today))
    if wanted <= state.rates_until:
        return []
    rows = rates.rows(month_after(state.rates_until), wanted)
    state.rates_until = wanted
    return [(f"rates-{wanted}.csv", tables.csv_bytes(rows))]


def new_declaration(
    state: State, rng: random.Random, local: datetime, firms: list[Enterprise], rates: RateBook
) -> list[Event]:
    """Return a declaration made just now: its licence, registrations, message and first receipts."""
    serial = state.next_serial
    state.next_serial += 1
    declared = (local - timedelta(seconds=rng.randrange(20, 90))).replace(microsecond=0)
    made = cargo.make(state.seed, serial, declared, firms, rates)
    name, content = message.declaration_file(made, message.Form(), rng)
    path = journey.fate(rng)
    under_way = Pending(made.seq, made.entry, declared.isoformat(), 0, path)
    files = [
        (f"licences-{serial:06d}.csv", tables.csv_bytes(tables.licences(made))),
        (f"registrations-{serial:06d}.csv", tables.csv_bytes(tables.registrations(made, None, local))),
        (f"declarations/{name}", content),
        receipt(under_way, declared),
    ]
    if under_way.left:
        files.append(receipt(under_way, local))
    if under_way.left:
        state.pending.append(under_way)
    return files


def next_receipt(state: State, rng: random.Random, local: datetime) -> list[Event]:
    """Return the next receipt of a declaration under way, older ones first more often than not."""
    place = min(rng.randrange(len(state.pending)), rng.randrange(len(state.pending)))
    under_way = state.pending[place]
    files = [receipt(under_way, local)]
    if not under_way.left:
        del state.pending[place]
    return files


def receipt(under_way: Pending, when: datetime) -> Event:
    """Return the next receipt of one declaration at a time, and take its channel off what is left."""
    channel, under_way.left = under_way.left[0], under_way.left[1:]
    under_way.sent += 1
    declared = datetime.fromisoformat(under_way.declared)
    content = message.receipt(under_way.seq, under_way.entry, declared, channel, when)
    return f"receipts/{message.receipt_name(under_way.seq, under_way.sent)}", content
