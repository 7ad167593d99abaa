"""Texts that would run or draw something if a page took them for more than texts, and the proof that none did."""

import time
from collections.abc import Iterable

from playwright.sync_api import expect
from sqlalchemy import Select, select

from backend.exchange.batch import take_batch
from backend.exchange.documents import Incoming
from backend.models import activity
from tests.browser.first_day import Clerk, Town
from tests.browser.test_wall_alive import declaration, receipt

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    '"><script>alert(2)</script>',
    "</textarea></title><svg onload=alert(3)>",
    "${{7*7}}{{7*7}}#{7*7}",
    "javascript:alert(4)",
    "' onfocus=alert(5) autofocus x='",
    '<a href="javascript:alert(6)">甲</a>',
    "<iframe srcdoc='<script>alert(7)</script>'>",
    "&lt;script&gt;alert(8)&lt;/script&gt;",
    "<!--><style>*{display:none}</style>",
)


def write_down(system: Clerk, person: str) -> None:
    """As names of organisations, tokens and entries of a dictionary, and as the reason for a person's role."""
    for text in HOSTILE:
        place = {"kind": "market", "name": text, "version": "0", "district": ""}
        token = {"name": text[:40], "role": "commerce", "organisation_id": "", "days": "30"}
        assert system.post("/administration/organisations/new", **place) == 200
        assert system.post("/administration/dictionaries/own_return_reason/add", name=text[:40]) == 200
        assert system.post("/administration/tokens/new", **token) == 200
    reason = {"role": "enterprise_admin", "reason": HOSTILE[0]}
    assert system.post(f"/administration/accounts/{person}", **reason) == 200


def shows(clerk: Clerk, path: str, texts: Iterable[str]) -> None:
    """The page has these texts as texts, and nothing of them was run or drawn."""
    content = clerk.open(path).evaluate("document.body.textContent.replace(/\\s+/g, ' ')")
    assert [text for text in texts if text not in content] == [], path
    harmless(clerk)


def in_full(audit: Clerk, tag: str, texts: Iterable[str]) -> None:
    """The newest audit lines of a tag have these texts, the last one first; the list's pages do nothing with them."""
    page = audit.open(f"/administration/audit?tag={tag}")
    harmless(audit)
    lines = page.locator("td.figure > a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    for path, text in zip(lines, reversed(list(texts)), strict=False):
        shows(audit, path, [text])


def harmless(clerk: Clerk) -> None:
    """Nothing that a hostile text would have made is there."""
    clerk.page.wait_for_timeout(50)
    made = "img[src=x], iframe, svg[onload], main script, [onerror], [onfocus], a[href^=javascript]"
    assert clerk.page.locator(made).count() == 0
    assert clerk.dialogs == [] and clerk.troubles == [] and clerk.foreign() == []


def behaviour(audit: Clerk, town: Town, text: str) -> None:
    """The charts of behaviour know some marks of their own; a firm's name is none of them."""
    mine = select(activity.c.visits).where(activity.c.account_id == town.cast.people["youke"])
    deadline = time.monotonic() + 15  # visits are written down every ten seconds
    while not scalar(town, mine):
        assert time.monotonic() < deadline
        audit.page.wait_for_timeout(300)
    audit.open("/behaviour").wait_for_function(
        "() => document.querySelectorAll('.js-plotly-plot .main-svg').length >= 5"
    )
    expect(audit.page.locator(".graph.organisations")).to_contain_text(text)
    harmless(audit)


def scalar(town: Town, query: Select[tuple[int]]) -> int:
    """One number from the ledger."""
    with town.engine.connect() as connection:
        return connection.scalar(query) or 0


def hostile_wall(wall: Clerk, town: Town) -> None:
    """A firm and a model with hostile names lead the wall's rankings."""
    another = (b"E20269999999999999", b"E20269999999999998")
    named, cleared = declaration().replace(*another), receipt().replace(*another)
    for old, new in ((b"01X", b"02Y"), (b"<FirstQty>3", b"<FirstQty>900"), (b"Han", b"&lt;svg onload=alert(9)&gt;")):
        named = named.replace(old, new)
    named = named.replace("演示企业".encode(), b"&lt;img src=x onerror=alert(9)&gt;")
    take_batch(town.engine, "测试", [Incoming("hostile.xml", named), Incoming("hostile-receipt.xml", cleared)])
    token = town.platform.command("token", "create", "--name", "二号屏", "--role", "wall").split()[-1]
    wall.page.set_viewport_size({"width": 2400, "height": 760})  # the ranking of firms stands on wide walls
    wall.open(f"/enter?token={token}")
    for start in ("<img src=x", "<svg"):
        expect(wall.page.locator(".wall table").filter(has_text=start, visible=True)).to_have_count(1, timeout=20_000)
    harmless(wall)
