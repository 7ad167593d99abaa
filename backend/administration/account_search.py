"""Looking accounts up: by login name, organisation, state and role, names masked, each look on record."""

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Select, case, or_, select

from backend.administration.duty import need
from backend.administration.grants import grants_of
from backend.administration.paging import Page, paged
from backend.administration.personal import FIELDS, masked, note_read
from backend.administration.resets import ways_in
from backend.administration.standing import row_of
from backend.crypto.keys import Keys
from backend.db import writing
from backend.identity.principal import Principal
from backend.identity.roles import ROLES
from backend.identity.sessions import sessions_of
from backend.identity.sign_in import login_key
from backend.models import account, organisation, role_grant

NEEDED = "read:accounts"


@dataclass(frozen=True)
class Wanted:
    """What to look for; empty texts limit nothing. `organisation` is part of a name or code."""

    login: str = ""
    organisation: str = ""
    state: str = ""
    role: str = ""


def accounts_page(engine: Engine, keys: Keys, actor: Principal, wanted: Wanted, number: int) -> Page:
    """Accounts by login name, with masked name, organisation and roles; raises Refused."""
    need(actor, NEEDED)
    with writing(engine) as connection:
        page = paged(connection, _query(wanted), number)
        roles = _roles(connection, [row["id"] for row in page.rows])
        for row in page.rows:
            row["name"] = masked(keys, "name", f"account.name:{row['id']}", row["name_sealed"])
            row["roles"] = roles[row["id"]]
        asked = {key: value for key, value in asdict(wanted).items() if value}
        detail = {"count": len(page.rows), "page": page.number, **asked}
        note_read(connection, actor, "identity:account:list", "accounts", detail)
    return page


def account_of(engine: Engine, keys: Keys, actor: Principal, account_id: str) -> dict[str, Any]:
    """One account: its columns, personal fields masked, organisation, grants, ways in and live sessions."""
    need(actor, NEEDED)
    with writing(engine) as connection:
        row = row_of(connection, account_id)
        house = select(organisation).where(organisation.c.id == row["organisation_id"])
        shown = {f: masked(keys, f, f"account.{f}:{account_id}", row[f"{f}_sealed"]) for f in FIELDS}
        found = {**row, **shown}
        found["organisation"] = dict(connection.execute(house).mappings().one())
        found["grants"] = grants_of(connection, account_id)
        found["sessions"] = len(sessions_of(connection, account_id))
        found |= ways_in(connection, account_id)
        note_read(connection, actor, "identity:account:read", account_id, {"login_name": row["login_name"]})
    return found


def _query(wanted: Wanted) -> Select[Any]:
    a, o, g = account.c, organisation.c, role_grant.c
    query = select(
        a.id, a.login_name, a.name_sealed, a.state, a.demo, a.seen_at, a.clearance, o.name.label("organisation"),
        o.closed_at.label("organisation_closed_at"),
    ).join(organisation, o.id == a.organisation_id)  # fmt: skip
    if wanted.login.strip():
        query = query.where(a.login_key.contains(login_key(wanted.login), autoescape=True))
    if house := " ".join(wanted.organisation.split()):
        named = o.name.contains(house, autoescape=True)
        query = query.where(or_(named, o.uscc.contains(house.upper(), autoescape=True)))
    if wanted.state:
        query = query.where(a.state == wanted.state)
    if wanted.role:
        query = query.where(a.id.in_(select(g.account_id).where(g.role == wanted.role, g.state == "active")))
    in_order = case({"active": 0, "suspended": 1}, value=a.state, else_=2)
    return query.order_by(in_order, a.login_key)


def _roles(connection: Connection, account_ids: list[str]) -> dict[str, list[str]]:
    g = role_grant.c
    query = select(g.account_id, g.role).where(g.state == "active", g.account_id.in_(account_ids)).order_by(g.role)
    found: dict[str, list[str]] = defaultdict(list)
    for account_id, role in connection.execute(query):
        found[account_id].append(ROLES[role].label if role in ROLES else role)
    return found
