"""The demo world as its users see it: write two years of history with its truth, then let the next things happen."""

import random
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from backend.demo import calendar, cargo, faults, journey, message, tables, trickle
from backend.demo.cargo import Declaration
from backend.demo.enterprises import make as make_firms
from backend.demo.enterprises import rows as firm_rows
from backend.demo.journey import Notice
from backend.demo.rates import RateBook, month_after, month_of
from backend.demo.truth import Truth

SHANGHAI = ZoneInfo("Asia/Shanghai")
FAULT_SPARE_DAYS = 60  # a faulty declaration is old enough to have been cleared, so that only its fault holds it back
EARLY_SHARE = 30  # one vehicle at each early stage for so many declarations


class FolderInUse(FileExistsError):
    """The folder holds a world already; two seeds are two worlds and never go into one place."""


class World:
    """An invented trade, the same for the same seed, last day and number of enterprises.

    History ends with the day `until`; without it, at this moment, so that nothing lies in the future.
    """

    def __init__(
        self, seed: int, until: date | None = None, enterprises: int = 18, *, now: datetime | None = None
    ) -> None:
        local = (now or datetime.now(SHANGHAI)).astimezone(SHANGHAI).replace(tzinfo=None, microsecond=0)
        self.seed = seed
        self.until = until or local.date()
        end = datetime.combine(self.until, time.max).replace(microsecond=0)
        self.horizon = min(end, local) if until is None or now is not None else end
        self.firms = make_firms(seed, enterprises, self.until)
        self.rates = RateBook(seed)
        self.folder: Path | None = None

    @classmethod
    def resume(cls, folder: Path) -> "World":
        """Return the world that was written to a folder, ready for next_events; NoWorldHere if none was."""
        state = trickle.load(folder)
        world = cls(state.seed, date.fromisoformat(state.until), state.enterprises)
        world.folder = folder
        return world

    def write(self, folder: Path, declarations: int, *, untidy: bool = False, faults: int = 0) -> Truth:
        """Write the history into an empty folder and return what a right platform shows of it.

        untidy adds the differences of real feeds (form, order, repetition), which change no figure; faults adds so
        many declarations that must be held. Raise FolderInUse when a world is there already.
        """
        self.folder = prepare(folder)
        history = History(self, folder, untidy)
        rng = random.Random(f"{self.seed}/days")
        for serial, moment in enumerate(calendar.moments(rng, self.until, self.horizon, declarations)):
            history.declaration(serial, moment)
        late = calendar.moments(rng, self.until, self.horizon, faults, FAULT_SPARE_DAYS)
        for number, moment in enumerate(late):
            history.faulty(declarations + number, moment, number)
        history.finish(declarations + faults)
        return history.truth

    def next_events(self, now: datetime) -> list[trickle.Event]:
        """Return the next thing that happens as files for the exchange folder (relative path, bytes), in order.

        now: an aware time, which the notices bear. The state is kept before the files are handed out: a crash between
        the two loses an event rather than giving a number twice. One process at a time may call it.
        """
        if self.folder is None:
            raise trickle.NoWorldHere("演示数据尚未生成，无法继续产生新的业务。")
        if now.tzinfo is None:
            raise ValueError("时间必须带有时区。")
        state = trickle.load(self.folder)
        local = now.astimezone(SHANGHAI).replace(tzinfo=None, microsecond=0)
        files = trickle.step(state, local, self.firms, self.rates)
        trickle.save(self.folder, state)
        return files


def prepare(folder: Path) -> Path:
    """Make the folders of a feed and return the folder; FolderInUse if it has declarations."""
    for name in ("declarations", "receipts"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    if any((folder / "declarations").iterdir()):
        raise FolderInUse(f"目录 {folder} 中已有报关单，演示数据须写入空目录。")
    return folder


class History:
    """The writing of one world's past: files as they come, tables and truth gathered on the way."""

    def __init__(self, world: World, folder: Path, untidy: bool) -> None:
        self.world, self.folder, self.untidy = world, folder, untidy
        self.truth = Truth()
        self.licences: list[tables.Row] = []
        self.registrations: list[tables.Row] = []
        self.pending: list[trickle.Pending] = []

    def declaration(self, serial: int, moment: datetime) -> None:
        """Write a declaration with the receipts that have come by the horizon."""
        rng = random.Random(f"{self.world.seed}/form/{serial}")
        made = self.make(serial, moment, self.untidy)
        form = message.untidy_form(rng) if self.untidy else message.Form()
        name, content = message.declaration_file(made, form, rng)
        (self.folder / "declarations" / name).write_bytes(content)
        come = self.receipts(made, journey.fate(rng), rng)
        self.truth.take(made, come, self.world.rates)

    def faulty(self, serial: int, moment: datetime, number: int) -> None:
        """Write a cleared declaration with one fault; it is held, and no figure counts it."""
        rng = random.Random(f"{self.world.seed}/form/{serial}")
        made = self.make(serial, moment, untidy=False)
        name, content = message.declaration_file(made, message.Form(), rng)
        kind, content = faults.spoil(number, content)
        (self.folder / "declarations" / name).write_bytes(content)
        self.receipts(made, journey.CLEARED, rng)
        self.truth.held.append({"file": name, "fault": kind})

    def make(self, serial: int, moment: datetime, untidy: bool) -> Declaration:
        """Return declaration `serial` of this world."""
        return cargo.make(self.world.seed, serial, moment, self.world.firms, self.world.rates, untidy=untidy)

    def receipts(self, made: Declaration, path: str, rng: random.Random) -> list[Notice]:
        """Write the receipts that have come and return their notices; note the tables' rows and what is under way."""
        planned = journey.notices(rng, path, made.route.mode, made.declared)
        come = [(channel, when) for channel, when in planned if when <= self.world.horizon]
        sent = self.sending(come, rng)
        for number, (channel, when) in enumerate(sent, 1):
            content = message.receipt(made.seq, made.entry, made.declared, channel, when)
            (self.folder / "receipts" / message.receipt_name(made.seq, number)).write_bytes(content)
        if len(come) < len(planned):
            left = path[len(come) :]
            self.pending.append(trickle.Pending(made.seq, made.entry, made.declared.isoformat(), len(sent), left))
        cleared = next((when for channel, when in come if channel == "R"), None)
        self.licences += tables.licences(made)
        self.registrations += tables.registrations(made, cleared, self.world.horizon)
        return come

    def sending(self, come: list[Notice], rng: random.Random) -> list[Notice]:
        """Return the notices as they are sent: an untidy feed repeats some and keeps no order."""
        if not self.untidy:
            return come
        sent = come + [notice for notice in come if rng.random() < 0.05]
        rng.shuffle(sent)
        return sent

    def finish(self, next_serial: int) -> None:
        """Write the tables and what the trickle goes on from."""
        world = self.world
        early = random.Random(f"{world.seed}/early")
        count = max(1, next_serial // EARLY_SHARE)
        registered, licensed = tables.early_vehicles(early, count, world.firms, world.until)
        last = month_after(month_of(world.until))
        for name, rows in (
            ("enterprises", firm_rows(world.firms)), ("licences", self.licences + licensed),
            ("registrations", self.registrations + registered),
            ("rates", world.rates.rows(month_of(calendar.first_day(world.until) - timedelta(days=31)), last)),
        ):  # fmt: skip
            (self.folder / f"{name}.csv").write_bytes(tables.csv_bytes(rows, mark=self.untidy))
        state = trickle.State(world.seed, str(world.until), len(world.firms), next_serial, last, 0, self.pending)
        trickle.save(self.folder, state)
