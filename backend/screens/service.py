"""What screens and administrators do: a screen beats and is told what to play, an administrator asks and places."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, RowMapping, or_, select, update

from backend.administration.duty import need, plain
from backend.administration.facts import DEMO, platform_fact_of
from backend.administration.paging import Page, paged
from backend.alerts.service import RULES, raise_alert
from backend.audit.service import Line, write_lines
from backend.db import now, writing
from backend.identity.principal import Principal
from backend.identity.refusal import Refused, Unfit
from backend.models import access_token, screen_playlist, wall_screen
from backend.models.insertion import insert_new
from backend.screens.attestation import AGAINST_ITSELF, DIFFERENCE, STEADY, difference, steadiness
from backend.screens.programme import SCALES
from backend.screens.rhythm import WRITE_EVERY
from backend.screens.told import LARGEST_NUMBER, Told
from backend.screens.viewing import readable

NEEDED = "manage:tokens"
KEPT = timedelta(minutes=5)  # An order that was not taken by then is void: a message must not come up days later.
KINDS = {"reload": "重新载入", "identify": "标识", "message": "发消息"}
IDENTIFY_SECONDS = 10
LEAST_SECONDS, MOST_SECONDS, LONGEST_TEXT = 5, 600, 60
# What of a heartbeat is worth writing at once; as_of moves on by itself and is written with the next.
NEWS = (
    "address", "size", "build", "view", "generation", "frame_hash", "first_hash", "odd_beats", "done_number", "face",
    "scale_shown",
)  # fmt: skip
LENGTHS = {"height_m": "画面高度", "distance_m": "观看距离"}


@dataclass(frozen=True)
class Placing:
    """What an administrator says of a screen; lengths in metres, None where nobody measured or nothing is played."""

    name: str
    place: str = ""
    height_m: float | None = None
    distance_m: float | None = None
    enabled: bool = True
    playlist_id: int | None = None
    scale: str = "fit"


class Answer(NamedTuple):
    """What a heartbeat is answered: the order not taken yet, or None, and `{"name", "items", "scale"}` to play."""

    command: dict[str, Any] | None
    programme: dict[str, Any]


def number_of(screen: Principal) -> int:
    """The number of a screen, which is its token's. Raises Refused for anybody who is not a screen."""
    if screen.kind != "screen":
        raise Refused("只有大屏可以报告心跳")
    return int(screen.id.removeprefix("token-"))


def beat(engine: Engine, screen: Principal, told: Told, address: str | None = None) -> Answer:
    """Note that a screen lives and what it shows; gives what it shall do and play.

    One that says nothing new is written at most every 3 s. Raises Refused for anybody but a screen.
    """
    number, at = number_of(screen), now()
    with engine.connect() as connection:
        known = connection.execute(_screens().where(wall_screen.c.id == number)).mappings().first()
    if known is None:
        _enter(engine, screen, _values(None, told, address, at))
        return Answer(None, _programme({}))
    values = _values(known, told, address, at)
    if at - known["seen_at"] >= WRITE_EVERY or any(values[name] != known[name] for name in NEWS):
        with writing(engine) as connection:
            connection.execute(update(wall_screen).where(wall_screen.c.id == number).values(values))
            if values["odd_beats"] == STEADY:
                _accuse(connection, {**known, **values})
    return Answer(_open_order({**known, **values}, at), _programme(dict(known)))


def ask_screen(engine: Engine, actor: Principal, screen_id: int, kind: str, text: str = "", seconds: int = 60) -> int:
    """Ask a screen to reload, identify itself or show a message for some seconds; gives the order's number.

    A newer order takes the place of one not taken yet. Raises Refused, Unfit.
    """
    need(actor, NEEDED)
    order = _order(kind, text, seconds)
    with writing(engine) as connection:
        row, at = _found(connection, screen_id), now()
        number = max(row["done_number"], (row["wanted"] or {}).get("number", 0)) + 1
        said = {"name": row["name"], "number": number}
        said |= {"words": order["text"], "seconds": seconds} if kind == "message" else {}
        order |= {"number": number, "asked_by": actor.name, "asked_at": at.isoformat()}
        connection.execute(update(wall_screen).where(wall_screen.c.id == screen_id).values(wanted=order))
        write_lines(connection, at, [Line(actor.name, f"screens:screen:{kind}", str(screen_id), detail=said)])
    return number


def change_screen(engine: Engine, actor: Principal, screen_id: int, wish: Placing) -> None:
    """Name and place a screen, its size in the room, what it plays and how it scales. Raises Refused, Unfit."""
    need(actor, NEEDED)
    new = asdict(wish) | {
        "name": plain(wish.name, "name", "名称", 2, 40),
        "place": plain(wish.place, "place", "位置", 0, 60),
    }
    for name, label in LENGTHS.items():
        if new[name] is not None and not 0.1 <= new[name] <= 200:
            raise Unfit(f"{label}应为 0.1 到 200 米", name)
    if wish.scale not in SCALES:
        raise Unfit("没有这种缩放方式", "scale")
    with writing(engine) as connection:
        row = _found(connection, screen_id)
        _playlist_is_there(connection, wish.playlist_id)
        changed = {name: value for name, value in new.items() if value != row[name]}
        if not changed:
            return
        said = {"before": {name: row[name] for name in changed}, "after": changed}
        connection.execute(update(wall_screen).where(wall_screen.c.id == screen_id).values(changed))
        write_lines(connection, now(), [Line(actor.name, "screens:screen:change", str(screen_id), detail=said)])


def list_screens(engine: Engine, actor: Principal, page: int) -> Page:
    """Every screen whose token still counts, a page of them: those watched first, then by number. Raises Refused."""
    need(actor, NEEDED)
    order = (wall_screen.c.enabled.desc(), wall_screen.c.id)
    with engine.connect() as connection:
        return paged(connection, live_screens().order_by(*order), page)


def screen_of(engine: Engine, actor: Principal, screen_id: int) -> RowMapping:
    """One screen. Raises Refused, and Unfit when there is none of this number."""
    need(actor, NEEDED)
    with engine.connect() as connection:
        return _found(connection, screen_id)


def live_screens() -> Any:
    """The query of screens whose token is neither revoked nor expired."""
    t = access_token.c
    good = t.revoked_at.is_(None) & or_(t.expires_at.is_(None), t.expires_at > now())
    return _screens().join(access_token, t.id == wall_screen.c.id).where(good)


def order_state(row: RowMapping | dict[str, Any], at: datetime) -> str:
    """What became of the last order: "" none, "waiting", "taken" or "void"."""
    if not row["wanted"]:
        return ""
    if row["wanted"]["number"] <= row["done_number"]:
        return "taken"
    return "waiting" if at - datetime.fromisoformat(row["wanted"]["asked_at"]) <= KEPT else "void"


def _enter(engine: Engine, screen: Principal, values: dict[str, Any]) -> None:
    """Take a new screen into the inventory.

    In the demo anybody may open a wall and close it again; such a screen is watched only when somebody says so.
    """
    watched = platform_fact_of(engine, DEMO) is None
    new = {"id": number_of(screen), "name": screen.name, "first_seen_at": values["seen_at"], "enabled": watched}
    with writing(engine) as connection:
        insert_new(connection, wall_screen, [new | values])


def _accuse(connection: Connection, screen: dict[str, Any]) -> None:
    """Raise at once that a screen shows something else than before: the next generation will cover the traces."""
    subject, words, detail = difference(screen, AGAINST_ITSELF)
    severity = RULES[DIFFERENCE].severity
    raise_alert(connection, rule=DIFFERENCE, subject=subject, severity=severity, words=words, detail=detail)


def _order(kind: str, text: str, seconds: int) -> dict[str, Any]:
    """What a screen shall do, in what words and for how long; raises Unfit."""
    if kind not in KINDS:
        raise Unfit("没有这种操作")
    if kind != "message":
        return {"kind": kind, "text": "", "seconds": IDENTIFY_SECONDS if kind == "identify" else 0}
    if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        raise Unfit(f"显示时间应为 {LEAST_SECONDS} 到 {MOST_SECONDS} 秒", "seconds")
    return {"kind": kind, "text": plain(text, "text", "消息", 1, LONGEST_TEXT), "seconds": seconds}


def _found(connection: Connection, screen_id: int) -> RowMapping:
    row = connection.execute(live_screens().where(wall_screen.c.id == screen_id)).mappings().first()
    if row is None:
        raise Unfit("没有这块屏，或它的令牌已吊销、已过期")
    return row


def _values(known: RowMapping | None, told: Told, address: str | None, at: datetime) -> dict[str, Any]:
    """The row that a heartbeat makes of the one before it."""
    given = (known["wanted"] or {}).get("number", 0) if known else 0
    done = max(known["done_number"] if known else 0, min(told.done, given, LARGEST_NUMBER))
    first, odd = steadiness(known, told)
    values = asdict(told) | {"seen_at": at, "address": address, "done_number": done}
    del values["done"]
    return values | {"first_hash": first, "odd_beats": odd}


def _screens() -> Any:
    """The query of screens with the playlist of each."""
    playlist = (screen_playlist.c.name.label("playlist"), screen_playlist.c["items"].label("playlist_items"))
    return select(wall_screen, *playlist).outerjoin(screen_playlist, screen_playlist.c.id == wall_screen.c.playlist_id)


def _programme(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a screen shall play, and how it shall scale the picture."""
    return {
        "name": row.get("playlist") or "",
        "items": row.get("playlist_items") or [],
        "scale": row.get("scale", "fit"),
    }


def _playlist_is_there(connection: Connection, playlist_id: int | None) -> None:
    c = screen_playlist.c
    if playlist_id is not None and connection.execute(select(c.id).where(c.id == playlist_id)).first() is None:
        raise Unfit("没有这张播放单，或已被删除", "playlist_id")


def _open_order(row: dict[str, Any], at: datetime) -> dict[str, Any] | None:
    """The order as the screen needs it; None when it was taken or is void."""
    if order_state(row, at) != "waiting":
        return None
    told = {name: row["wanted"][name] for name in ("kind", "number", "text", "seconds")}
    if told["kind"] == "identify":
        told["text"] = readable(row).words
    return told | {"screen": row["id"], "name": row["name"], "place": row["place"]}
