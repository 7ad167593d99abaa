"""Red seals on a real wall over a real ledger: on the figures that a planted cent concerns, and on no others."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update

from backend.clearance.states import SHANGHAI
from backend.models import declaration, goods_item
from tests.browser.proof_stand import ProofStand, standing
from tests.test_plain_seals import AS_OF, CASES

pytestmark = pytest.mark.browser
ONE_TICK = 8_000  # of the browser; the stand's worker ticks when the test says so
MARKED = ".wall [data-proof][data-unproved]"


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProofStand]:
    """A stand that half a thousand declarations were cleared on."""
    with standing(tmp_path_factory.mktemp("stand"), 500) as made:
        yield made


@pytest.fixture
def wall(browser: Browser, stand: ProofStand) -> Iterator[Page]:
    """The wall with all its figures."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{stand.address}/wall")
    page.wait_for_selector("body[data-generation] .wall [data-proof]", timeout=30_000)
    yield page
    context.close()


def an_item(stand: ProofStand) -> Any:
    """A goods item cleared this year for the first country of the ranking, alone on its declaration."""
    this_year = f"{datetime.now(SHANGHAI).year}-01-01"
    wanted = (
        select(
            goods_item.c.declaration_id,
            goods_item.c.line,
            goods_item.c.country,
            goods_item.c.model,
            goods_item.c.cny_cents,
        )
        .join(declaration, declaration.c.id == goods_item.c.declaration_id)
        .where(declaration.c.counted, declaration.c.cleared_on >= this_year, goods_item.c.country == "KAZ")
        .order_by(declaration.c.cleared_on)
    )
    with stand.engine.connect() as connection:
        return connection.execute(wanted).first()


def set_cents(stand: ProofStand, item: Any, cents: int) -> None:
    """Change the item behind everybody's back, and let a minute pass."""
    where = (goods_item.c.declaration_id == item.declaration_id) & (goods_item.c.line == item.line)
    with stand.engine.begin() as connection:
        connection.execute(update(goods_item).where(where).values(cny_cents=cents))
    stand.publish()


def marked(page: Page) -> set[str]:
    """The keys of all figures with a seal."""
    return set(page.locator(MARKED).evaluate_all("found => found.map(one => one.dataset.proof)"))


def test_one_cent_seals_the_figures_that_it_concerns_within_a_tick(stand: ProofStand, wall: Page) -> None:
    item = an_item(stand)
    expect(wall.locator("[data-unproved]")).to_have_count(0)
    set_cents(stand, item, item.cny_cents + 1)
    expect(wall.locator("#wall-countries tbody tr:first-child td:nth-child(5) [data-unproved]")).to_have_count(
        1, timeout=ONE_TICK
    )
    found = marked(wall)
    assert {"year/cny_cents", "year/cny_cents/country=KAZ"} <= found
    assert not [key for key in found if "/cny_cents" not in key], "cars and shares of cars agree"
    assert len([key for key in found if "country=" in key and "," not in key]) == 1
    expect(wall.locator("#wall-title-trend[data-unproved], .map.of-overview > h2[data-unproved]")).to_have_count(2)
    assert "未平的数字" in wall.locator(".lane").inner_text()
    agrees = "cases => cases.map(([key, lines]) => panorama.unproved(key, lines, '" + AS_OF + "'))"
    assert wall.evaluate(agrees, [[key, lines] for key, lines, _ in CASES]) == [expected for *_, expected in CASES]
    set_cents(stand, item, item.cny_cents)
    expect(wall.locator("[data-unproved]")).to_have_count(0, timeout=ONE_TICK)
    expect(wall.locator(".seal.bad")).to_have_count(0)
