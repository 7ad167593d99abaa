"""A past moment shows what was known then, equal to what was published then, and what is known of it now."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g
from flask.testing import FlaskClient

from backend.identity.principal import Principal
from backend.identity.roles import permissions_of
from cache.answers import BytesCache, FileShelf
from cache.published import Published
from dashboard.asof import add_asof
from dashboard.asof_marks import REVISED, letters, numbered
from dashboard.proofs import add_proof
from datasources.asof import NOW, THEN
from datasources.asof_readers import AsOfReaders, NothingKnown, Past, UnfitMoment, past_figures
from datasources.figure_keys import key_of
from datasources.proof import proof
from datasources.reader import Readers
from datasources.scope import ALL
from tests.ledger_rows import SHANGHAI, USCCS, Desk, Filing, Item, revised, scattered
from tests.test_proof import figures_of

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  # 12:00 in Xi'an
LIVE = ("generation", "as_of", "now", "ticker", "alerts")
SEED = scattered(41, 120)


class History:
    """A desk whose clock a test sets, and the figures of every generation that it published."""

    def __init__(self, url: str, folder: Path) -> None:
        self.desk = Desk(url, folder)
        self.published: list[tuple[datetime, dict[str, Any]]] = []

    def at(self, moment: datetime, *filings: Filing) -> None:
        """File declarations at a moment (those on file get a new revision) and publish."""
        self.desk.now = moment
        self.desk.ledger.put([replace(filing, changed_at=moment) for filing in filings])
        self.desk.publish()
        self.published.append((self.desk.now, self.desk.wall()))

    def moments(self) -> AsOfReaders:
        """The past as a web process opens it."""
        return AsOfReaders(Readers(self.desk.settings, Published(self.desk.store)))

    def past(self, moment: datetime) -> Past:
        """One past moment."""
        return self.moments().past(moment.astimezone(SHANGHAI))

    def shown(self, moment: datetime, known: str) -> dict[str, Any]:
        """The figures of one past moment."""
        return past_figures(self.past(moment), known, self.desk.settings, False)


@pytest.fixture
def history(database_url: str, tmp_path: Path) -> Iterator[History]:
    made = History(database_url, tmp_path)
    made.desk.ledger.enterprises({USCCS[0]: ("西安秦岭行汽车进出口有限公司", "610113")})
    yield made
    made.desk.close()


def sold(number: int, cleared: date | None, cents: int = 10_000_000, **more: Any) -> Filing:
    """A declaration of one car, declared and released on the two days before it was cleared."""
    first = (cleared or date(2026, 11, 10)) - timedelta(days=2)
    steps = {"declared_on": first, "released_on": first + timedelta(days=1), "cleared_on": cleared}
    return Filing(number, (Item(cny_cents=cents, usd_cents=cents // 7),), **{**steps, **more})


def same(found: dict[str, Any], published: dict[str, Any]) -> None:
    """Insist that two walls show the same figures, whatever they say of their own making."""
    assert {k: v for k, v in found.items() if k not in LIVE} == {k: v for k, v in published.items() if k not in LIVE}


# ---- as known then -----------------------------------------------------------------------------------------------


@pytest.mark.db
def test_every_moment_shows_what_was_published_then_to_the_cent(history: History) -> None:
    """Late, revised, removed and new declarations over several days, and every published minute asked for again."""
    history.at(NOON, *SEED[:60])
    for day in range(1, 4):
        moment = NOON + timedelta(days=day)
        late = [replace(one, changed_at=moment) for one in SEED[60 + 20 * (day - 1) : 60 + 20 * day]]
        changed = [revised(replace(one, revision=day), 100 * day + one.id, moment) for one in SEED[day:60:7]]
        gone = [replace(one, state="DELETED", revision=9) for one in SEED[50 + day : 51 + day]]
        history.at(moment, *late, *changed)
        history.at(moment + timedelta(hours=2), *gone)
    assert len({str(figures["year"]) for _, figures in history.published}) == 7, "every generation differs"
    for number, (moment, figures) in enumerate(history.published):
        same(history.shown(moment + timedelta(seconds=50 * (number % 2)), THEN), figures)


def test_a_minute_whose_generation_is_no_longer_kept_is_exact_all_the_same(history: History) -> None:
    history.at(NOON, *SEED[:40])
    history.at(NOON + timedelta(hours=1), *(revised(one, one.id, NOON) for one in SEED[:20]), *SEED[40:])
    history.at(NOON + timedelta(days=3))
    for path in sorted((history.desk.settings.var / "analytics/generations").iterdir())[:2]:
        path.unlink()
    for moment, figures in history.published[:2]:
        found = history.shown(moment, THEN)
        assert [found.pop("stages")[5]] == [figures["stages"][5]]
        same(found, {key: value for key, value in figures.items() if key != "stages"})


def test_the_proof_of_a_past_figure_lists_the_declarations_of_then(history: History) -> None:
    history.at(NOON, *SEED[:60])
    history.at(NOON + timedelta(hours=1), *(revised(one, one.id, NOON) for one in SEED[:30]), *SEED[60:])
    past, (_, figures) = history.past(history.published[0][0]), history.published[0]
    for key, figure in figures_of(figures):
        found = proof(past.then, key, ALL, 1)
        assert found["exact"] == found["found"] == figure and found["agrees"], key
    now = past_figures(past, NOW, history.desk.settings, False)
    for key, figure in figures_of(now):
        assert proof(past.now, key, ALL, None)["found"] == figure, key


def test_a_clock_set_back_never_shows_two_revisions_at_once(history: History) -> None:
    history.at(NOON, sold(1, date(2026, 11, 10)))
    history.at(NOON + timedelta(hours=1), sold(1, date(2026, 11, 10), 20_000_000, revision=2))
    history.desk.now = NOON + timedelta(minutes=30)
    history.desk.ledger.put([sold(1, date(2026, 11, 10), 30_000_000, revision=3, changed_at=NOON + timedelta(hours=2))])
    history.desk.publish()
    for minutes in range(0, 120, 10):
        year = history.shown(NOON + timedelta(minutes=minutes), THEN)["year"]
        assert year["declarations"] <= 1 and year["cny_cents"] in (0, 10_000_000, 20_000_000, 30_000_000)


# ---- as known now ------------------------------------------------------------------------------------------------


def test_late_revised_and_removed_declarations_are_told_apart(history: History) -> None:
    old = date(2026, 11, 10)
    history.at(NOON, sold(1, old), sold(2, old), sold(3, old), sold(4, old), sold(5, date(2025, 11, 10)))
    later = NOON + timedelta(days=1)
    history.at(later, sold(1, old, 12_345_678, revision=2), sold(2, old, state="DELETED", revision=2))
    history.at(later, sold(3, old, revision=2), sold(6, old, 1), sold(7, old, 2), sold(8, later.date()))
    history.at(later, sold(5, date(2025, 11, 10), 5, revision=2), sold(9, date(2025, 11, 10)))
    past = history.past(history.published[0][0])
    assert vars(past.differences) == {"late": 2, "revised": 1, "removed": 1}
    then, now = (history.shown(history.published[0][0], known)["year"] for known in (THEN, NOW))
    assert then["cny_cents"] == 40_000_000 and then["vehicles"] == 4
    assert now["cny_cents"] == 12_345_678 + 20_000_000 + 1 + 2 and now["vehicles"] == 5


def test_a_date_moved_into_the_year_or_out_of_it_is_a_revision(history: History) -> None:
    history.at(NOON, sold(1, date(2026, 11, 10)), sold(2, date(2025, 11, 10)))
    history.at(
        NOON + timedelta(days=1),
        sold(1, date(2025, 12, 31), revision=2),
        sold(2, date(2026, 1, 1), revision=2),
    )
    assert vars(history.past(NOON + timedelta(hours=1)).differences) == {"late": 0, "revised": 2, "removed": 0}


def test_what_happened_after_the_moment_is_not_late(history: History) -> None:
    """The day of the moment was still under way: what it brought later is no news about the moment."""
    today = NOON.astimezone(SHANGHAI).date()
    waiting = sold(2, today, state="RELEASED")
    history.at(NOON, sold(1, today), replace(waiting, cleared_on=None))
    quick = {"declared_on": today, "released_on": today}
    history.at(NOON + timedelta(hours=3), replace(waiting, state="CLEARED", revision=2), sold(3, today, **quick))
    history.at(NOON + timedelta(days=2), sold(4, today, 7, **quick), sold(5, today + timedelta(days=3)))
    moment = history.published[0][0]
    assert vars(history.past(moment).differences) == {"late": 0, "revised": 0, "removed": 0}
    then, now = history.shown(moment, THEN), history.shown(moment, NOW)
    same(now, then)
    assert now["year"]["declarations"] == 1


def test_a_correction_of_the_same_day_is_a_revision(history: History) -> None:
    today = NOON.astimezone(SHANGHAI).date()
    history.at(NOON, sold(1, today), sold(2, today))
    history.at(NOON + timedelta(days=1), sold(1, today, 5, revision=2), sold(2, today, state="DELETED", revision=2))
    assert vars(history.past(NOON + timedelta(hours=1)).differences) == {"late": 0, "revised": 1, "removed": 1}
    assert history.shown(NOON + timedelta(hours=1), NOW)["year"]["cny_cents"] == 5


def test_the_stations_of_today_are_taken_back_to_the_day(history: History) -> None:
    """Cleared since, a car stood released or at customs on the day; what was filed since was not there at all."""
    today = NOON.astimezone(SHANGHAI).date()
    ahead = [today + timedelta(days=number) for number in range(8)]
    released = sold(1, None, declared_on=today - timedelta(days=3), released_on=today - timedelta(days=2))
    lodged = sold(2, None, declared_on=today - timedelta(days=1), released_on=None)
    history.at(NOON, replace(released, state="RELEASED"), replace(lodged, state="EXAMINED"))
    before = history.published[0][1]["stages"]
    history.at(
        NOON + timedelta(days=7),
        replace(released, cleared_on=ahead[2], revision=2),
        replace(lodged, released_on=ahead[3], cleared_on=ahead[5], revision=2),
        sold(3, ahead[6], declared_on=ahead[1], released_on=ahead[2]),
    )
    assert history.shown(NOON + timedelta(hours=1), NOW)["stages"] == before
    assert [(s["vehicles"], s["in_hand"]) for s in before[3:6]] == [(2, 1), (1, 1), (0, None)]


def test_before_the_first_data_the_day_counts_whole_as_known_now(history: History) -> None:
    history.at(NOON, *(sold(number, date(2026, 11, number)) for number in range(1, 12)))
    moment = datetime(2026, 11, 5, 9, 0, tzinfo=SHANGHAI)
    now = history.shown(moment, NOW)
    assert now["year"]["declarations"] == 5 and now["today"] == "2026-11-05"
    assert history.shown(moment, THEN)["year"]["declarations"] == 0


# ---- refusals ----------------------------------------------------------------------------------------------------


def test_only_moments_that_can_be_looked_back_at_are_opened(history: History) -> None:
    with pytest.raises(NothingKnown, match="还没有发布"):
        history.moments().fit("2026-11-20T09:00", "")
    history.at(NOON, sold(1, date(2026, 11, 10)))
    moments = history.moments()
    assert moments.fit("2026-11-20T12:01", "")[1] == THEN and moments.fit("2026-11-15T09:00", "")[1] == NOW
    refused = {
        "2026-11-20 12:02": "应写作", "2026-13-01T00:00": "应写作", "": "应写作", "2026-11-20T12:02:00": "应写作",
        "9999-12-31T23:59": "还没有到", "2026-11-20T12:30": "还没有到", "2026-11-09T23:59": "最早可以回看 2026-11-10",
    }  # fmt: skip
    for text, words in refused.items():
        with pytest.raises(UnfitMoment, match=words):
            moments.fit(text, "")
    with pytest.raises(UnfitMoment, match="本平台自 2026-11-20 12:01 起收到数据"):
        moments.fit("2026-11-15T09:00", THEN)
    with pytest.raises(UnfitMoment, match="known"):
        moments.fit("2026-11-20T12:01", "later")


def test_equal_names_show_equal_figures_and_only_two_moments_stay_open(history: History) -> None:
    history.at(NOON, sold(1, date(2026, 11, 10)))
    moments = history.moments()
    moment = history.published[0][0].astimezone(SHANGHAI)
    first = moments.past(moment)
    assert moments.past(moment) is first
    history.at(NOON + timedelta(minutes=5))
    moments.readers.published._looked = float("-inf")
    assert moments.past(moment) is first, "a generation without news changes nothing"
    history.at(NOON + timedelta(minutes=9), sold(2, date(2026, 11, 10)))
    moments.readers.published._looked = float("-inf")
    second = moments.past(moment)
    assert second is not first and second.now.generation != first.now.generation
    for minutes in range(4):
        moments.past(moment + timedelta(minutes=minutes))
    assert len(moments._open) == 2
    assert proof(first.then, key_of("year", "vehicles"), ALL, None)["found"] == 1, "who still asks it gets his answer"


# ---- the addresses -----------------------------------------------------------------------------------------------


class Door:
    """Both addresses over a history, for a visitor of the role leader."""

    def __init__(self, history: History, folder: Path) -> None:
        app = Flask("door")
        app.json.ensure_ascii = False  # type: ignore[attr-defined]
        app.before_request(self.enter)
        self.moments, published = history.moments(), Published(history.desk.store)
        add_proof(app, self.moments.readers, self.moments)
        self.cache = BytesCache(FileShelf(folder / "answers"))
        add_asof(app, published, self.moments, self.cache)
        self.client: FlaskClient = app.test_client()

    def enter(self) -> None:
        g.principal = Principal("account", "1", "甲", ("leader",), permissions_of(("leader",)), ALL)

    def ask(self, path: str, **parameters: str) -> tuple[int, Any]:
        """GET an address; status and JSON."""
        answer = self.client.get(path, query_string=parameters)
        return answer.status_code, answer.get_json()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A door over a first generation and what came late, was revised and was removed two days later."""
    folder = tmp_path_factory.mktemp("told")
    history = History(f"sqlite:///{folder / 'ledger.sqlite'}", folder)
    history.at(NOON, *SEED[:80])
    counted = [one for one in SEED[:80] if one.counted and one.cleared_on and one.cleared_on.year == 2026]
    dearer = replace(counted[1].items[0], cny_cents=counted[1].items[0].cny_cents + 777_777_777)
    changed = replace(counted[1], items=(dearer, *counted[1].items[1:]), revision=2)
    history.at(NOON + timedelta(days=2), *SEED[80:], replace(counted[0], state="DELETED", revision=2), changed)
    yield Door(history, folder)
    history.desk.close()


def test_the_wall_of_a_moment_says_what_came_to_be_known_later(told: Door) -> None:
    status, then = told.ask("/asof/wall", at="2026-11-20T13:00")
    assert status == 200 and then["generation"].startswith("asof-20261120T1300-then-")
    late = [
        one for one in SEED[80:] if one.counted and one.cleared_on and date(2026, 1, 1) <= one.cleared_on < NOON.date()
    ]
    said = then["asof"]
    assert (said["late"], said["revised"], said["removed"]) == (len(late), 1, 1)
    assert said["words"].startswith(f"当时未知 {len(late)} 份，其后修订 1 份，其后撤销 1 份，相差 ")
    assert said["known"] == "then" and said["at"] == "2026-11-20T13:00"
    assert said["earliest"] == "2026-11-20T12:01" and said["latest"] == "2026-11-22T12:01"
    now = told.ask("/asof/wall", at="2026-11-20T13:00", known="now")[1]
    assert {**now["asof"], "known": "then", "marks": said["marks"]} == said
    cents = [
        told.ask("/proof", figure="year/cny_cents", asof="2026-11-20T13:00", known=k)[1]["exact"] for k in (THEN, NOW)
    ]
    assert cents[1] - cents[0] == said["cny_cents_difference"] != 0


def test_exactly_the_figures_that_differ_are_marked_with_the_other_text(told: Door) -> None:
    walls = {known: told.ask("/asof/wall", at="2026-11-20T13:00", known=known)[1] for known in (THEN, NOW)}
    shown = {known: figures_shown(wall["text"]) for known, wall in walls.items()}
    marked = 0
    for known, other in ((THEN, NOW), (NOW, THEN)):
        for place, (text, mark) in shown[known].items():
            if place in shown[other]:
                beside = shown[other][place][0]
                assert (mark is not None) == (text != beside), place
                assert mark is None or (mark[2:] == beside and mark[0] in "▲▼")
                marked += mark is not None
    assert marked > 20
    assert shown[THEN]["hero", "year/cny_cents", 0][1] is not None
    signs = {known: shown[known]["hero", "year/cny_cents", 0][1][0] for known in (THEN, NOW)}  # type: ignore[index]
    more = walls[THEN]["asof"]["cny_cents_difference"] > 0
    assert signs == dict.fromkeys((THEN, NOW), "▲" if more else "▼"), "the sign tells what came later, in both views"


def figures_shown(text: dict[str, Any]) -> dict[tuple[str, str, int], tuple[str, str | None]]:
    """Every figure with a proof by part, key and place: its text and its mark."""
    return {
        (part, key, nth): (letters(node), node[1].get(REVISED))
        for part, tree in text.items()
        for key, nth, node in numbered(tree)
    }


def test_a_moment_without_later_news_has_no_marks_and_says_so(history: History, tmp_path: Path) -> None:
    history.at(NOON, *SEED[:40])
    history.at(NOON + timedelta(hours=2))
    told = Door(history, tmp_path).ask("/asof/wall", at="2026-11-20T13:00")[1]
    assert told["asof"]["words"] == "此后没有补报、修订或撤销" and told["asof"]["marks"] == 0
    assert not any(mark for _, mark in figures_shown(told["text"]).values())


def test_before_the_first_data_nothing_is_marked(told: Door) -> None:
    status, wall = told.ask("/asof/wall", at="2026-11-01T09:00")
    assert status == 200 and wall["asof"]["known"] == "now" and not wall["asof"]["began"]
    assert wall["asof"]["words"] == "当时平台尚未收数，按现在所知" and wall["asof"]["marks"] == 0
    found = told.ask("/proof", figure="year/vehicles", asof="2026-11-01T09:00", known="now")[1]
    assert found["agrees"] and not found["past"]["revised"]


def test_the_proof_of_a_revised_figure_has_both_values(told: Door) -> None:
    status, found = told.ask("/proof", figure="year/cny_cents", asof="2026-11-20T13:00", known="then")
    assert status == 200 and found["agrees"] and found["reconciled"]["ok"] and found["past"]["revised"]
    assert found["past"]["then_words"] == found["exact_words"] != found["past"]["now_words"]
    assert found["generation"] == told.ask("/asof/wall", at="2026-11-20T13:00")[1]["generation"]
    assert found["period"]["to"] == "2026-11-20" and len(found["rows"]) == min(50, found["sums"]["declarations"])


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, "应写作"),
        ({"at": "gestern"}, "应写作"),
        ({"at": "2026-02-30T09:00"}, "应写作"),
        ({"at": "2027-01-01T00:00"}, "还没有到"),
        ({"at": "1999-01-01T00:00"}, "最早可以回看"),
        ({"at": "2026-11-01T09:00", "known": "then"}, "只能按现在所知"),
        ({"at": "2026-11-20T13:00", "known": "x"}, "known"),
        ({"at": "2026-11-20T13:00", "g": "1"}, "不认识的参数：g"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_words(told: Door, parameters: dict[str, str], words: str) -> None:
    status, answer = told.ask("/asof/wall", **parameters)
    assert status == 400 and answer["error"] == "bad_request" and words in answer["message"]
    if "at" in parameters and "g" not in parameters:
        asof = {"asof": parameters["at"], **{k: v for k, v in parameters.items() if k == "known"}}
        assert told.ask("/proof", figure="year/vehicles", **asof) == (400, answer)


def test_nothing_published_and_files_gone_are_said_and_pass(history: History, tmp_path: Path) -> None:
    door = Door(history, tmp_path)
    assert door.ask("/asof/wall", at="2026-11-20T13:00")[0] == 503
    history.at(NOON, *SEED[:20])
    history.at(NOON + timedelta(hours=2))
    door = Door(history, tmp_path)
    facts = next((history.desk.settings.var / "analytics/facts").iterdir())
    facts.rename(tmp_path / "away")
    status, answer = door.ask("/asof/wall", at="2026-11-20T13:00")
    assert status == 503 and "请稍后再试" in answer["message"]
    (tmp_path / "away").rename(facts)
    assert door.ask("/asof/wall", at="2026-11-20T13:00")[0] == 200


def test_the_same_moment_is_computed_once_for_all(told: Door) -> None:
    kept = told.cache.shelf.root  # type: ignore[attr-defined]
    before = {path for path in kept.rglob("*") if path.is_file()}
    bodies = {told.client.get("/asof/wall?at=2026-11-20T13:33").data for _ in range(3)}
    made = [path for path in kept.rglob("*") if path.is_file() and path not in before and path.parent == kept]
    assert len(bodies) == 1 and len(made) == 1
