"""The administrator's pages about playlists: the list, one playlist with a row for each item, and its removal."""

from typing import Any

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from backend.db import now
from backend.frame.allow import allow, engine, principal
from backend.frame.deeds import NUMBER, Shown, attempt, done, status
from backend.frame.page import Form, complain
from backend.frame.stopped import say_where_it_stopped
from backend.identity.refusal import Unfit
from backend.screens import playlists as service
from backend.screens.forms import Row, Title, new_item, rows_of, rows_sent
from backend.screens.playlists import MOST_ITEMS, Playlist
from backend.screens.programme import face_name, hours, preview

playlists = Blueprint(
    "playlists", __name__, url_prefix="/administration/screens/playlists", template_folder="templates"
)
say_where_it_stopped(playlists, "/administration/screens/playlists", "播放单")


@playlists.get("")
@allow("manage:tokens")
def index() -> Shown:
    """Every playlist, what it shows now and how many screens play it."""
    found = service.list_playlists(engine(), principal())
    at, words = now(), {"face_name": face_name, "hours": hours}
    return render_template("screens/playlists.html", lists=[(p, preview(p.items, at)) for p in found], **words)


@playlists.route("/new", methods=["GET", "POST"])
@allow("manage:tokens")
def new() -> Shown:
    """Make a playlist."""
    if request.method == "GET":
        return _page(None, Title(), rows_of([new_item()]))
    return _sent(None)


@playlists.route(f"/<{NUMBER}:playlist_id>", methods=["GET", "POST"])
@allow("manage:tokens")
def one(playlist_id: int) -> Shown:
    """Look at a playlist and change it."""
    playlist = service.playlist_of(engine(), principal(), playlist_id)
    if request.method == "GET":
        return _page(playlist, Title(data={"name": playlist.name}), rows_of(playlist.items))
    return _sent(playlist)


@playlists.route(f"/<{NUMBER}:playlist_id>/remove", methods=["GET", "POST"])
@allow("manage:tokens")
def remove(playlist_id: int) -> Shown:
    """Ask once more, then remove a playlist."""
    playlist, form = service.playlist_of(engine(), principal(), playlist_id), Form()
    if attempt(form, lambda: service.remove_playlist(engine(), principal(), playlist_id))[0]:
        return done(f"播放单“{playlist.name}”已删除。", "playlists.index")
    return render_template("screens/playlist_remove.html", p=playlist, form=form), status()


def _sent(playlist: Playlist | None) -> Shown:
    """Do what the pressed button says: save, or move, add or take away a row and show the form again."""
    title, rows = Title(), rows_sent(min(request.form.get("rows", 0, type=int), MOST_ITEMS))
    deed, _, place = request.form.get("do", "save").partition("-")
    if deed == "save":
        return _saved(playlist, title, rows)
    given = [row.typed() for row in rows]
    return _page(playlist, title, rows_of(_moved(given, deed, int(place) if place.isdecimal() else -1)))


def _saved(playlist: Playlist | None, title: Title, rows: list[Row]) -> Shown:
    # A list, not a generator: every row shall show its complaints at once.
    if all([title.validate(), *(row.validate() for row in rows)]):
        try:
            return _kept(playlist, str(title.name.data), [row.item() for row in rows])
        except Unfit as unfit:
            _complain(title, rows, unfit)
    return _page(playlist, title, rows, 400)


def _kept(playlist: Playlist | None, name: str, items: list[dict[str, Any]]) -> AnyResponse:
    if playlist is None:
        service.make_playlist(engine(), principal(), name, items)
    else:
        service.change_playlist(engine(), principal(), playlist.id, name, items, request.form.get("seen", ""))
    return done(f"播放单“{name}”已保存，使用它的屏约 15 秒后照此播放。", "playlists.index")


def _moved(items: list[dict[str, Any]], deed: str, place: int) -> list[dict[str, Any]]:
    """The items with one added, dropped or moved; a button of a row that is not there does nothing."""
    if deed == "add":
        return [*items, new_item()][:MOST_ITEMS]
    other = place + {"up": -1, "down": 1}.get(deed, 0)
    if not (0 <= place < len(items) and 0 <= other < len(items)):
        return items
    if deed == "drop":
        return items[:place] + items[place + 1 :]
    items[place], items[other] = items[other], items[place]
    return items


def _complain(title: Title, rows: list[Row], unfit: Unfit) -> None:
    """Put a verb's complaint under the field of the row that it is about."""
    _, place, part = [*unfit.field.split("-"), "", ""][:3]
    if place.isdecimal() and int(place) < len(rows):
        complain(rows[int(place)], str(unfit), {"from": "start", "to": "end"}.get(part, part))
    else:
        complain(title, str(unfit), unfit.field)


def _page(playlist: Playlist | None, title: Title, rows: list[Row], status: int = 200) -> tuple[str, int]:
    words = {"p": playlist, "title": title, "rows": rows, "full": len(rows) >= MOST_ITEMS}
    seen = request.form.get("seen") or (playlist.changed_at.isoformat() if playlist else "")
    now_playing = preview(playlist.items, now()) if playlist else ""
    return render_template("screens/playlist.html", **words, seen=seen, now_playing=now_playing), status
