"""Playlists: which faces of the wall a screen shows in turn, for how long, at which hours; made, changed, removed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, delete, func, insert, select, update

from backend.administration.duty import need, plain
from backend.audit.service import Line, write_lines
from backend.db import now, writing
from backend.identity.principal import Principal
from backend.identity.refusal import Unfit
from backend.models import screen_playlist, wall_screen
from backend.screens.programme import Item, minutes
from backend.screens.service import NEEDED, live_screens
from dashboard.face_names import FACES

SHORTEST, LONGEST, MOST_ITEMS, LONGEST_NAME = 5, 3600, 24, 20  # seconds, seconds, items, characters
TIME = r"([01]\d|2[0-3]):[0-5]\d"


@dataclass(frozen=True)
class Playlist:
    """A playlist with the names of the screens that play it."""

    id: int
    name: str
    items: list[dict[str, Any]]
    changed_by: str
    changed_at: datetime
    screens: tuple[str, ...] = ()


def list_playlists(engine: Engine, actor: Principal) -> list[Playlist]:
    """Every playlist by name. Raises Refused."""
    need(actor, NEEDED)
    with engine.connect() as connection:
        rows = connection.execute(select(screen_playlist).order_by(screen_playlist.c.name)).mappings().all()
        return [_with_screens(connection, row) for row in rows]


def playlist_of(engine: Engine, actor: Principal, playlist_id: int) -> Playlist:
    """One playlist. Raises Refused, and Unfit when there is none of this number."""
    need(actor, NEEDED)
    with engine.connect() as connection:
        return _with_screens(connection, _found(connection, playlist_id))


def make_playlist(engine: Engine, actor: Principal, name: str, items: Sequence[Item]) -> int:
    """Make a playlist; gives its number. Raises Refused, Unfit."""
    need(actor, NEEDED)
    new: dict[str, Any] = {"name": plain(name, "name", "名称", 2, LONGEST_NAME), "items": fit_items(items)}
    with writing(engine) as connection:
        _name_is_free(connection, new["name"])
        values = new | {"changed_by": actor.name, "changed_at": now()}
        made = connection.execute(insert(screen_playlist).values(values).returning(screen_playlist.c.id)).scalar_one()
        _note(connection, actor, "create", made, {"after": new})
    return int(made)


def change_playlist(
    engine: Engine, actor: Principal, playlist_id: int, name: str, items: Sequence[Item], seen: str
) -> None:
    """Change a playlist as it was at `seen` (its changed_at, ISO). Raises Refused; Unfit also if changed since."""
    need(actor, NEEDED)
    new: dict[str, Any] = {"name": plain(name, "name", "名称", 2, LONGEST_NAME), "items": fit_items(items)}
    with writing(engine) as connection:
        row = _found(connection, playlist_id)
        if row["changed_at"].isoformat() != seen:
            raise Unfit(f"{row['changed_by']}刚才改过这张播放单，请重新打开这一页再改")
        changed = {name: value for name, value in new.items() if value != row[name]}
        if not changed:
            return
        _name_is_free(connection, new["name"], playlist_id)
        values = new | {"changed_by": actor.name, "changed_at": now()}
        connection.execute(update(screen_playlist).where(screen_playlist.c.id == playlist_id).values(values))
        said = {"name": row["name"], "before": {name: row[name] for name in changed}, "after": changed}
        _note(connection, actor, "change", playlist_id, said)


def remove_playlist(engine: Engine, actor: Principal, playlist_id: int) -> None:
    """Remove a playlist that no screen plays. Raises Refused, and Unfit with the names of the screens that do."""
    need(actor, NEEDED)
    with writing(engine) as connection:
        row, users = _found(connection, playlist_id), _users(connection, playlist_id)
        if users:
            raise Unfit(f"{'、'.join(users)}还在用这张播放单，请先给它们换一张")
        # Screens whose token has ended are seen nowhere any more and must not keep a playlist alive.
        forget = update(wall_screen).where(wall_screen.c.playlist_id == playlist_id).values(playlist_id=None)
        connection.execute(forget)
        connection.execute(delete(screen_playlist).where(screen_playlist.c.id == playlist_id))
        _note(connection, actor, "delete", playlist_id, {"before": {"name": row["name"], "items": row["items"]}})


def fit_items(items: Sequence[Item]) -> list[dict[str, Any]]:
    """The items as they are kept; raises Unfit whose field is "items-<position>-<part>"."""
    if not items:
        raise Unfit("请至少加入一个画面")
    if len(items) > MOST_ITEMS:
        raise Unfit(f"一张播放单最多 {MOST_ITEMS} 行")
    return [_fit(f"items-{position}", item) for position, item in enumerate(items)]


def _fit(place: str, item: Item) -> dict[str, Any]:
    seconds, days = item["seconds"], sorted(set(item["weekdays"]))
    if item["face"] not in FACES:
        raise Unfit("没有这个画面", f"{place}-face")
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not SHORTEST <= seconds <= LONGEST:
        raise Unfit(f"秒数应为 {SHORTEST} 到 {LONGEST} 的整数", f"{place}-seconds")
    if not all(day in range(1, 8) for day in days):
        raise Unfit("星期应为 1 到 7", f"{place}-weekdays")
    start, end = _time(item["from"], f"{place}-from"), _time(item["to"], f"{place}-to", "24:00")
    if minutes(start) == minutes(end):
        raise Unfit("起止时间不能相同；全天请填 00:00 到 24:00", f"{place}-to")
    # All seven days and none mean the same and are kept the same way.
    return {"face": item["face"], "seconds": seconds, "weekdays": days[: len(days) % 7], "from": start, "to": end}


def _time(given: str, field: str, also: str = "") -> str:
    """A time of day as it is kept, "08:00"; people also write "8:00" and "8：00"."""
    tidy = given.strip().replace("：", ":")
    tidy = f"0{tidy}" if re.fullmatch(r"\d:\d\d", tidy, re.ASCII) else tidy
    if tidy != also and not re.fullmatch(TIME, tidy, re.ASCII):
        raise Unfit("时间请写成 08:30 这样", field)
    return tidy


def _found(connection: Connection, playlist_id: int) -> RowMapping:
    row = connection.execute(select(screen_playlist).where(screen_playlist.c.id == playlist_id)).mappings().first()
    if row is None:
        raise Unfit("没有这张播放单，或已被删除")
    return row


def _name_is_free(connection: Connection, name: str, mine: int = 0) -> None:
    c = screen_playlist.c
    if connection.execute(select(c.id).where(func.lower(c.name) == name.lower(), c.id != mine)).first():
        raise Unfit("已有同名的播放单", "name")


def _users(connection: Connection, playlist_id: int) -> tuple[str, ...]:
    """The names of the live screens that play it."""
    query = live_screens().where(wall_screen.c.playlist_id == playlist_id).order_by(wall_screen.c.id)
    return tuple(row["name"] for row in connection.execute(query).mappings())


def _with_screens(connection: Connection, row: RowMapping) -> Playlist:
    return Playlist(**row, screens=_users(connection, row["id"]))


def _note(connection: Connection, actor: Principal, deed: str, playlist_id: int, detail: dict[str, Any]) -> None:
    write_lines(connection, now(), [Line(actor.name, f"screens:playlist:{deed}", str(playlist_id), detail=detail)])
