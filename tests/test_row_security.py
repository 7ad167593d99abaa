"""Row scope on the transaction side: what a viewer may see, by our one function and by PostgreSQL itself."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Engine, Table, func, insert, select, text
from sqlalchemy.exc import DBAPIError

from backend.db import READER, WRITER, make_engine, migrate, now, owning, seeing, writing
from backend.models import (
    declaration,
    document,
    enterprise,
    goods_item,
    goods_vehicle,
    licence,
    licence_vehicle,
    metadata,
    receipt,
    registration,
    role_grant,
    vehicle,
    vehicle_step,
)
from backend.scoping import RULES, scoped
from datasources.scope import ALL, NOTHING, Scope
from tests import servers
from tests.ledger_rows import START, Filing

OPEN = {"code", "customs_rate"}
# Alpha moved out of the district in its number, Beta's district is the one in its number, Gamma is in no register,
# Delta's register entry leaves the district empty, and Omega only holds a licence.
ALPHA, BETA, GAMMA, DELTA, OMEGA = (f"91{area}MA6TEST{n}" for n, area in enumerate(
    ("610113", "610104", "610113", "610113", "610132"), 111
))  # fmt: skip
AREAS = {ALPHA: "610104", BETA: None, DELTA: "", OMEGA: "610132"}
DISTRICT = {ALPHA: "610104", BETA: "610104", GAMMA: "610113", DELTA: "610113", OMEGA: "610132"}
# Declaration: firm, exit office, vehicles. The last car was declared twice, by two firms.
FILINGS: dict[int, tuple[str, str | None, tuple[str, ...]]] = {
    1: (ALPHA, "9402", ("LAAAA000000000001", "LAAAA000000000002")),
    2: (ALPHA, "9404", ("LAAAA000000000003",)),
    3: (BETA, "9402", ("LBBBB000000000001",)),
    4: (GAMMA, None, ("LGGGG000000000001",)),
    5: (DELTA, "0200", ("LDDDD000000000001", "LAAAA000000000003")),
}
LICENCES = {"L1": (ALPHA, "LAAAA000000000001"), "L2": (BETA, "LBBBB000000000001"), "L3": (OMEGA, "LOOOO000000000001"),
            "L4": (None, "LNNNN000000000001")}  # fmt: skip
SCOPES = [
    *(Scope("enterprise", firm) for firm in (ALPHA, BETA, GAMMA, DELTA, OMEGA)),
    *(Scope("district", area) for area in ("610104", "610113", "610132", "610199")),
    *(Scope("exit_office", office) for office in ("9402", "9404", "0200", "9999")),
    ALL,
    NOTHING,
]
KEYS: dict[str, tuple[Table, str]] = {
    "declaration": (declaration, "id"), "goods_item": (goods_item, "declaration_id"),
    "goods_vehicle": (goods_vehicle, "vin"), "receipt": (receipt, "seq_no"), "licence": (licence, "licence_no"),
    "licence_vehicle": (licence_vehicle, "licence_no"), "enterprise": (enterprise, "uscc"),
    "vehicle": (vehicle, "vin"), "vehicle_step": (vehicle_step, "vin"), "registration": (registration, "vin"),
}  # fmt: skip


def fill(engine: Engine) -> Engine:
    """Put rows of five firms into every table that belongs to firms."""
    vins = sorted({vin for *_, cars in FILINGS.values() for vin in cars} | {vin for _, vin in LICENCES.values()})
    heads = {n: Filing(n, uscc=firm).head() | {"exit_office": office} for n, (firm, office, _) in FILINGS.items()}
    stamped: dict[str, Any] = {"version": 1, "changed_at": START}
    cars = [(n, i, vin) for n, (*_, vins) in FILINGS.items() for i, vin in enumerate(vins, 1)]
    rows: list[tuple[Table, list[dict[str, Any]]]] = [
        (document, [{"id": 1, "received_at": START, "digest": "0" * 64, "name": "a.xml", "kind": "declaration",
                     "size": 1, "status": "taken"}]),
        (enterprise, [{"uscc": u, "name": f"演示{u}", "area": a, "filed": True, **stamped} for u, a in AREAS.items()]),
        (declaration, list(heads.values())),
        (goods_item, [row for n, (firm, *_) in FILINGS.items() for row in Filing(n, uscc=firm).goods()]),
        (goods_vehicle, [{"declaration_id": n, "line": 1, "ordinal": i, "vin": vin} for n, i, vin in cars]),
        (receipt, [{"seq_no": row["seq_no"], "channel": "7", "notice_at": START, "document_id": 1}
                   for row in [*heads.values(), {"seq_no": "E20269999999999999"}]]),
        (licence, [{"licence_no": n, "uscc": u, "details": {}, **stamped} for n, (u, _) in LICENCES.items()]),
        (licence_vehicle, [{"licence_no": n, "vin": vin, "changed_at": START} for n, (_, vin) in LICENCES.items()]),
        (vehicle, [{"vin": vin, "changed_at": START} for vin in vins]),
        (vehicle_step, [{"vin": v, "step": "REGISTERED", "at": START, "actor": "演示", "evidence": "无"}
                        for v in vins]),
        (registration, [{"vin": vin, **stamped} for vin in vins]),
    ]  # fmt: skip
    with writing(engine) as connection:
        for table, made in rows:
            connection.execute(insert(table), made)
    return engine


@pytest.fixture
def filled(ledger: Engine) -> Engine:
    """A filled ledger."""
    return fill(ledger)


@pytest.fixture
def served(postgres: servers.PostgresServer) -> Iterator[Engine]:
    """A filled ledger on PostgreSQL."""
    name = postgres.create_database()
    engine = make_engine(postgres.url(name))
    migrate(engine)
    yield fill(engine)
    engine.dispose()
    postgres.drop_database(name)


def expected(table: str, scope: Scope) -> set[Any]:
    """The keys that a scope shows, worked out by hand from the tables above."""
    if scope.kind == "none":
        return set()

    def firm(uscc: str | None) -> bool:
        kinds = {"all": True, "enterprise": uscc == scope.value, "district": DISTRICT.get(uscc or "") == scope.value}
        return kinds.get(scope.kind, False)

    ours = {
        n
        for n, (uscc, office, _) in FILINGS.items()
        if firm(uscc) or (scope.kind, scope.value) == ("exit_office", office)
    }
    cars = {vin for n in ours for vin in FILINGS[n][2]}
    everything = scope.kind == "all"
    licensed = {number for number, (uscc, _) in LICENCES.items() if firm(uscc)}
    vins = cars | ({vin for _, vin in LICENCES.values()} if everything else set())
    stray = {"E20269999999999999"} if everything else set()
    return {
        "declaration": ours, "goods_item": ours, "goods_vehicle": cars,
        "receipt": {f"E2026{n:013d}" for n in ours} | stray, "licence": licensed, "licence_vehicle": licensed,
        "enterprise": {uscc for uscc in AREAS if firm(uscc)}, "vehicle": vins, "vehicle_step": vins,
        "registration": vins,
    }[table]  # fmt: skip


@pytest.mark.db
def test_row_14_our_function_shows_each_scope_its_rows_of_every_table(filled: Engine) -> None:
    assert set(KEYS) == set(RULES)
    for scope in SCOPES:
        with filled.connect() as connection:
            for name, (table, key) in KEYS.items():
                other = table.alias("other")
                seen = connection.scalars(scoped(select(table.c[key]), table, scope)).all()
                assert set(seen) == expected(name, scope), (name, scope)
                assert connection.scalars(scoped(select(other.c[key]), other, scope)).all() == seen, (name, scope)


@pytest.mark.db
def test_row_14_a_scope_holds_in_a_query_that_joins_the_very_tables_it_asks(filled: Engine) -> None:
    d, e, g = declaration, enterprise, goods_vehicle
    query = select(g.c.vin).join(d, d.c.id == g.c.declaration_id).outerjoin(e, e.c.uscc == d.c.uscc)
    for scope in SCOPES:
        with filled.connect() as connection:
            for table in (d, g):
                assert set(connection.scalars(scoped(query, table, scope))) == expected("goods_vehicle", scope), scope


def test_row_14_a_table_without_a_rule_is_not_taken_for_open() -> None:
    for name, table in metadata.tables.items():
        if name not in RULES:
            with pytest.raises(ValueError, match="没有为这张表规定数据范围"):
                scoped(select(table), table, ALL)


@pytest.mark.db
def test_row_14_seeing_with_our_function_shows_the_same_on_both_databases(filled: Engine) -> None:
    for scope in SCOPES:
        with seeing(filled, scope) as connection:
            for name, (table, key) in KEYS.items():
                seen = set(connection.scalars(scoped(select(table.c[key]), table, scope)))
                assert seen == expected(name, scope), (name, scope)


@pytest.mark.db
def test_row_14_who_sees_does_not_write(filled: Engine) -> None:
    with pytest.raises(DBAPIError), seeing(filled, ALL) as connection:
        connection.exec_driver_sql("UPDATE declaration SET uscc = 'x'")
    with writing(filled) as connection:  # The connection that was used is as it was before.
        assert connection.exec_driver_sql("UPDATE declaration SET exit_port = 'x'").rowcount == len(FILINGS)


# What PostgreSQL refuses by itself


def cells(connection: Connection, table: str) -> set[str]:
    """All cells of all rows of a table, by raw SQL."""
    return {str(cell) for row in connection.exec_driver_sql(f"SELECT * FROM {table}") for cell in row}


def raw(connection: Connection, name: str) -> set[Any]:
    return {row[0] for row in connection.exec_driver_sql(f"SELECT {KEYS[name][1]} FROM {name}")}


def test_row_14_raw_sql_sees_only_the_rows_of_the_scope_in_every_table(served: Engine) -> None:
    for scope in SCOPES:
        for name in KEYS:
            with seeing(served, scope) as connection:
                assert raw(connection, name) == expected(name, scope), (name, scope)


@pytest.mark.parametrize(("ours", "theirs"), [(ALPHA, BETA), (BETA, ALPHA), (DELTA, ALPHA), (GAMMA, OMEGA)])
def test_row_14_nothing_of_another_tenant_is_in_any_cell(served: Engine, ours: str, theirs: str) -> None:
    marks: set[str] = set()
    for name in KEYS:
        other = {str(key) for key in expected(name, Scope("enterprise", theirs))}
        marks |= {key for key in other - {str(k) for k in expected(name, Scope("enterprise", ours))} if len(key) > 1}
    assert theirs in marks or theirs == GAMMA
    with seeing(served, Scope("enterprise", ours)) as connection:
        for name in KEYS:
            assert cells(connection, name) & (marks | {theirs}) == set(), name


@pytest.mark.parametrize("before", [None, ALL, Scope("enterprise", ALPHA)], ids=str)
def test_row_14_without_a_scope_there_are_no_rows(served: Engine, before: Scope | None) -> None:
    if before:
        with seeing(served, before) as connection:
            assert raw(connection, "declaration")
    settings: list[tuple[str, ...]] = [(), ("panorama.scope_value",), ("panorama.scope",)]
    for names in settings:
        with served.connect() as connection:
            for name in names:
                connection.execute(text("SELECT set_config(:n, :v, TRUE)"), {"n": name, "v": ALPHA})
            connection.exec_driver_sql(f"SET LOCAL ROLE {READER}")
            for name in KEYS:
                assert raw(connection, name) == set(), name


def test_row_14_the_reader_reads_business_tables_alone(served: Engine) -> None:
    with seeing(served, ALL) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM code").scalar()
        assert connection.exec_driver_sql("SELECT count(*) FROM customs_rate").scalar() == 0
    for name in {*metadata.tables, "alembic_version"} - set(KEYS) - OPEN:
        with pytest.raises(DBAPIError) as caught, seeing(served, ALL) as connection:
            connection.exec_driver_sql(f"SELECT * FROM {name}")
        assert isinstance(caught.value.orig, psycopg.errors.InsufficientPrivilege), name


def test_row_14_whatever_the_reader_may_read_is_under_a_policy_or_open_to_all(served: Engine) -> None:
    query = text(
        "SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'v', 'm', 'p') AND NOT c.relrowsecurity"
        " AND c.relnamespace = current_schema()::regnamespace AND has_table_privilege(:reader, c.oid, 'SELECT')"
    )
    with served.connect() as connection:
        assert set(connection.scalars(query, {"reader": READER})) == OPEN


def test_row_14_a_new_table_is_open_to_the_writer_and_closed_to_the_reader(served: Engine) -> None:
    with owning(served) as connection:
        connection.exec_driver_sql("CREATE TABLE later (id BIGSERIAL PRIMARY KEY, name TEXT)")
    with writing(served) as connection:
        connection.exec_driver_sql("INSERT INTO later (name) VALUES ('演示')")
    with pytest.raises(DBAPIError), seeing(served, ALL) as connection:
        connection.exec_driver_sql("SELECT * FROM later")


def test_row_14_a_firm_cannot_ask_for_the_list_of_all_firms_by_a_table_of_its_own(served: Engine) -> None:
    with served.connect() as connection:
        connection.exec_driver_sql("CREATE TEMPORARY TABLE enterprise (uscc TEXT)")
        connection.exec_driver_sql(f"GRANT SELECT ON enterprise TO {READER}")
        connection.execute(text("SELECT set_config('panorama.scope', 'district', TRUE)"))
        connection.execute(text("SELECT set_config('panorama.scope_value', '610113', TRUE)"))
        connection.exec_driver_sql(f"SET LOCAL ROLE {READER}")
        # Alpha has an entry in the register, which puts it elsewhere; an empty table must not hide that.
        assert raw(connection, "declaration") == expected("declaration", Scope("district", "610113"))


def test_row_14_who_sees_does_not_write_even_as_the_owner(served: Engine) -> None:
    with pytest.raises(DBAPIError) as caught, seeing(served, ALL) as connection:
        connection.exec_driver_sql("RESET ROLE")
        connection.exec_driver_sql("UPDATE declaration SET uscc = 'x'")
    assert isinstance(caught.value.orig, psycopg.errors.ReadOnlySqlTransaction)


# Roles of the database


@contextmanager
def own_server() -> Iterator[servers.PostgresServer]:
    with servers.running(servers.PostgresServer) as server:
        assert isinstance(server, servers.PostgresServer)
        yield server


def test_row_18_two_databases_of_one_server_make_the_roles_at_the_same_time() -> None:
    with own_server() as server:
        engine = make_engine(server.url(server.create_database()))
        failed: list[Exception] = []

        def bring_up() -> None:
            try:
                migrate(engine)
            except Exception as error:
                failed.append(error)

        with psycopg.connect(server.plain_url(server.create_database())) as other:  # commits at the end
            other.execute(f"CREATE ROLE {WRITER} NOLOGIN")
            thread = threading.Thread(target=bring_up)
            thread.start()
            thread.join(3)
            assert thread.is_alive(), failed
        thread.join()
        assert failed == []
        with writing(engine) as connection:
            assert connection.exec_driver_sql("SELECT current_user").scalar() == WRITER
        engine.dispose()


@pytest.mark.parametrize("may", ["CREATEROLE", "NOCREATEROLE"])
def test_row_18_an_owner_without_the_right_is_told_the_statements_to_ask_for(may: str) -> None:
    with own_server() as server:
        name = server.create_database()
        with server.connect() as admin:
            admin.execute(f'CREATE ROLE "演示 owner" LOGIN {may}')
            admin.execute(f'ALTER DATABASE {name} OWNER TO "演示 owner"')
        with server.connect(name) as admin:
            admin.execute('ALTER SCHEMA public OWNER TO "演示 owner"')
        engine = make_engine(server.url(name).replace("postgres@", "%E6%BC%94%E7%A4%BA%20owner@"))
        if may == "NOCREATEROLE":
            with pytest.raises(RuntimeError, match="请数据库管理员执行") as caught:
                migrate(engine)
            with server.connect() as admin:
                for statement in str(caught.value).split("\n")[1:]:
                    admin.execute(statement.encode())
        migrate(engine)
        fill(engine)
        for name in KEYS:
            with seeing(engine, Scope("district", "610113")) as connection:
                assert raw(connection, name) == expected(name, Scope("district", "610113")), name
        with pytest.raises(DBAPIError), writing(engine) as connection:
            connection.exec_driver_sql("DELETE FROM audit_line")
        with engine.connect() as connection:  # Migrations and the statistics read as the owner, under no policy.
            assert connection.scalar(select(func.count()).select_from(declaration)) == len(FILINGS)
        engine.dispose()


# Administrators stand alone


def grant(engine: Engine, account: str, role: str, state: str = "asked") -> None:
    with writing(engine) as connection:
        decided = {"decided_by": "b" * 32, "decided_at": now()} if state == "active" else {}
        row = {"account_id": account, "role": role, "state": state, "asked_by": "a" * 32, "asked_at": now(), **decided}
        connection.execute(insert(role_grant).values(row))


@pytest.fixture
def people(ledger: Engine) -> Engine:
    stamp = "'2026-11-24 08:00:00.000000'"
    with writing(ledger) as connection:
        connection.exec_driver_sql(
            "INSERT INTO organisation (id, kind, name, created_at, version, changed_at) "
            f"VALUES ('o', 'platform', '演示', {stamp}, 1, {stamp})"
        )
        for name in ("one", "two"):
            connection.exec_driver_sql(
                "INSERT INTO account (id, login_name, login_key, organisation_id, state, name_sealed, clearance, "
                f"must_change, demo, created_at, version, changed_at) VALUES ('{name}', '{name}', '{name}', 'o', "
                f"'active', '', 0, FALSE, FALSE, {stamp}, 1, {stamp})"
            )
    return ledger


@pytest.mark.db
@pytest.mark.parametrize("state", ["asked", "active"])
@pytest.mark.parametrize("admin", ["system_admin", "security_admin", "audit_admin"])
def test_row_12_direct_sql_cannot_join_an_administrator_with_any_role(people: Engine, admin: str, state: str) -> None:
    grant(people, "one", admin, state)
    grant(people, "two", "monitor", state)
    for account, role in (("one", "monitor"), ("one", "system_admin"), ("one", "audit_admin"), ("two", admin)):
        if role != admin or account == "two":
            with pytest.raises(DBAPIError):
                grant(people, account, role)
    grant(people, "two", "analyst")
    grant(people, "one", "monitor", "refused")
    with pytest.raises(DBAPIError, match="三员角色"), writing(people) as connection:
        connection.exec_driver_sql("UPDATE role_grant SET state = 'asked' WHERE state = 'refused'")
    with pytest.raises(DBAPIError, match="三员角色"), writing(people) as connection:
        connection.exec_driver_sql(f"UPDATE role_grant SET role = '{admin}' WHERE role = 'monitor'")
    with pytest.raises(DBAPIError, match="三员角色"), writing(people) as connection:
        connection.exec_driver_sql("UPDATE role_grant SET account_id = 'two' WHERE account_id = 'one'")
    with writing(people) as connection:
        connection.exec_driver_sql("UPDATE role_grant SET state = 'ended' WHERE account_id = 'one'")
    grant(people, "one", "monitor")


def test_row_12_two_grants_at_the_same_moment_do_not_pass_each_other(served: Engine) -> None:
    stamp = "'2026-11-24 08:00:00'"
    row = "INSERT INTO role_grant (account_id, role, state, asked_by, asked_at) VALUES ('one', '{}', 'asked', 'a', {})"
    with writing(served) as connection:
        connection.exec_driver_sql(
            f"INSERT INTO organisation VALUES ('o', 'platform', '演示', NULL, NULL, NULL, {stamp}, NULL, 1, {stamp})"
        )
        connection.exec_driver_sql(
            "INSERT INTO account (id, login_name, login_key, organisation_id, state, name_sealed, clearance, "
            "must_change, demo, created_at, version, changed_at) VALUES "
            f"('one', 'one', 'one', 'o', 'active', '', 0, FALSE, FALSE, {stamp}, 1, {stamp})"
        )
    refused: list[Exception] = []

    def second() -> None:
        try:
            with served.begin() as connection:
                connection.exec_driver_sql(row.format("monitor", stamp))
        except DBAPIError as error:
            refused.append(error)

    with served.begin() as connection:  # Not `writing`: by hand nobody takes the writers' lock.
        connection.exec_driver_sql(row.format("audit_admin", stamp))
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(timedelta(seconds=1).total_seconds())
        assert thread.is_alive()
    thread.join()
    assert "三员角色" in str(refused[0])
