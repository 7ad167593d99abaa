"""what the database itself refuses, whoever asks: changed audit lines, clashing administrators, rows of strangers.

Nothing here rewrites a row. On SQLite a later `batch_alter_table` of a guarded table makes the table anew and loses its
triggers: such a migration must lay them again.
"""

import time

from alembic import op
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

WRITER, READER = "panorama_writer", "panorama_reader"
ADDED_TO_ONLY = ("audit_line", "alert_transition")
SCOPED = (
    "declaration", "goods_item", "goods_vehicle", "receipt", "licence", "licence_vehicle", "enterprise", "vehicle",
    "vehicle_step", "registration",
)
OPEN = ("code", "customs_rate")

KEPT = "审计记录不能修改；只有已归档且超过 180 天的才能移出"
SEALED = "告警的经过只能追加，不能修改或删除"
HEAD_STAYS = "审计链的链头不能删除或后退"
STAYS = "账号不能删除或改名，注销的账号不能恢复"
ALONE = "三员角色不能与其他角色同时授予同一账号"
LIVE = "('asked', 'active')"
THREE = "('system_admin', 'security_admin', 'audit_admin')"
CLASH = (
    f"EXISTS (SELECT 1 FROM role_grant g WHERE g.account_id = NEW.account_id AND g.id <> NEW.id AND g.state IN {LIVE}"
    f" AND (NEW.role IN {THREE} OR g.role IN {THREE}))"
)


def upgrade() -> None:
    db = op.get_bind()
    if db.dialect.name == "sqlite":
        run(db, *sqlite_triggers())
        return
    for role in (WRITER, READER):
        make_role(db, role)
    schema = db.exec_driver_sql("SELECT quote_ident(current_schema())").scalar()
    run(db, *postgresql_triggers(schema), *grants(schema), *row_security(schema))


def downgrade() -> None:
    raise NotImplementedError("数据库的防护不能拆除")


def run(db: Connection, *statements: str) -> None:
    for statement in statements:
        db.exec_driver_sql(statement)


def sqlite_triggers() -> list[str]:
    old = "OLD.at > strftime('%Y-%m-%d %H:%M:%f', 'now', '-180 days')"
    base = "COALESCE((SELECT base_id FROM audit_chain), 0)"
    made = [
        trigger("audit_line_unchanged", "UPDATE ON audit_line", "", KEPT),
        trigger("audit_line_kept", "DELETE ON audit_line", f"WHEN OLD.id > {base} OR {old}", KEPT),
        trigger("audit_chain_kept", "DELETE ON audit_chain", "", HEAD_STAYS),
        trigger("audit_chain_forward", "UPDATE ON audit_chain", "WHEN NEW.head_id < OLD.head_id", HEAD_STAYS),
        trigger("alert_transition_unchanged", "UPDATE ON alert_transition", "", SEALED),
        trigger("alert_transition_kept", "DELETE ON alert_transition", "", SEALED),
    ]
    changed = "NEW.id <> OLD.id OR NEW.login_key <> OLD.login_key OR (OLD.state = 'closed' AND NEW.state <> 'closed')"
    taken = "id = NEW.id OR login_key = NEW.login_key OR id_no_index = NEW.id_no_index"
    made += [
        trigger("account_kept", "DELETE ON account", "", STAYS),
        trigger("account_unchanged", "UPDATE ON account", f"WHEN {changed}", STAYS),
        trigger("account_not_replaced", "INSERT ON account", f"WHEN EXISTS (SELECT 1 FROM account WHERE {taken})", STAYS),
    ]
    # INSERT OR REPLACE removes the old row without asking its DELETE trigger.
    for table, words in (("audit_line", KEPT), ("audit_chain", HEAD_STAYS), ("alert_transition", SEALED)):
        taken = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)"
        made.append(trigger(f"{table}_not_replaced", f"INSERT ON {table}", taken, words))
    # A grant has no number yet before it is inserted, so these look at it afterwards.
    for event in ("INSERT", "UPDATE"):
        clash = f"WHEN NEW.state IN {LIVE} AND {CLASH}"
        made.append(trigger(f"role_grant_alone_{event.lower()}", f"{event} ON role_grant", clash, ALONE, "AFTER"))
    return made


def trigger(name: str, what: str, when: str, words: str, moment: str = "BEFORE") -> str:
    return f"CREATE TRIGGER {name} {moment} {what} {when} BEGIN SELECT RAISE(ABORT, '{words}'); END"


def postgresql_triggers(schema: str) -> list[str]:
    young = "OLD.at > (now() AT TIME ZONE 'UTC') - interval '180 days'"
    return [
        refusing(schema, "panorama_keep_audit_line", KEPT, f"""
            IF TG_OP = 'DELETE' THEN
                IF OLD.id <= COALESCE((SELECT base_id FROM audit_chain), 0) AND NOT ({young}) THEN RETURN OLD; END IF;
            END IF;"""),
        refusing(schema, "panorama_keep_audit_chain", HEAD_STAYS, """
            IF TG_OP = 'UPDATE' THEN
                IF NEW.head_id >= OLD.head_id THEN RETURN NEW; END IF;
            END IF;"""),
        refusing(schema, "panorama_keep_alert_transition", SEALED, ""),
        refusing(schema, "panorama_keep_account", STAYS, """
            IF TG_OP = 'UPDATE' THEN
                IF NEW.id = OLD.id AND NEW.login_key = OLD.login_key AND (OLD.state <> 'closed' OR NEW.state = 'closed')
                THEN RETURN NEW; END IF;
            END IF;"""),
        # Two who grant at the same moment would not see each other; locking the account puts them in line.
        refusing(schema, "panorama_administrator_alone", ALONE, f"""
            PERFORM 1 FROM account WHERE id = NEW.account_id FOR NO KEY UPDATE;
            IF NEW.state NOT IN {LIVE} OR NOT {CLASH} THEN RETURN NEW; END IF;"""),
        *(
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION "
            f"panorama_keep_{table}()"
            for table in ("audit_line", "audit_chain", "alert_transition", "account")
        ),
        *(
            f"CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION "
            f"panorama_keep_{table}()"
            for table in ("audit_line", "audit_chain", "alert_transition", "account")
        ),
        "CREATE TRIGGER role_grant_alone BEFORE INSERT OR UPDATE ON role_grant FOR EACH ROW EXECUTE FUNCTION "
        "panorama_administrator_alone()",
    ]


def refusing(schema: str, name: str, words: str, allowed: str) -> str:
    """A trigger function that refuses with these words unless `allowed` returned before.

    The path is fixed: otherwise a temporary table of the name audit_chain would answer in place of ours.
    """
    return f"""CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET search_path = {schema}, pg_temp
        AS $$ BEGIN {allowed}
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = '{words}'; END $$"""


def make_role(db: Connection, role: str) -> None:
    """Create a role that this connection may take; another database of the same server may be doing the same now."""
    exists = text("SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = :role)")
    until(db, exists, role, f"CREATE ROLE {role} NOLOGIN")
    member = text(
        "SELECT pg_has_role(current_user, :role, "
        "CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END)"
    )
    until(db, member, role, f"GRANT {role} TO CURRENT_USER")


def until(db: Connection, done: object, role: str, statement: str) -> None:
    for attempt in range(10):
        if db.execute(done, {"role": role}).scalar():
            return
        try:
            with db.begin_nested():
                db.exec_driver_sql(statement)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", "") == "42501":
                raise RuntimeError(wanted(db)) from error
            time.sleep(0.1 * attempt)  # Somebody else was first; see whether it is done now.
    raise RuntimeError(wanted(db))


def wanted(db: Connection) -> str:
    """What to ask of the administrator of the database."""
    user = db.exec_driver_sql("SELECT quote_ident(current_user)").scalar()
    make = "".join(f"\n    CREATE ROLE {role} NOLOGIN;\n    GRANT {role} TO {user};" for role in (WRITER, READER))
    return (
        f"数据库账号 {user} 无权建立平台所需的两个角色，库结构没有升级。"
        f"请数据库管理员执行下列语句（已存在的角色只需执行 GRANT），然后重新启动平台：{make}"
    )


def grants(schema: str) -> list[str]:
    everything = "SELECT, INSERT, UPDATE, DELETE"
    return [
        f"GRANT USAGE ON SCHEMA {schema} TO {WRITER}, {READER}",
        f"GRANT {everything} ON ALL TABLES IN SCHEMA {schema} TO {WRITER}",
        f"GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA {schema} TO {WRITER}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT {everything} ON TABLES TO {WRITER}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO {WRITER}",
        *(f"REVOKE UPDATE, DELETE ON {table} FROM {WRITER}" for table in ADDED_TO_ONLY),
        f"REVOKE UPDATE, DELETE ON audit_chain FROM {WRITER}",
        f"GRANT UPDATE (head_id, head_hash) ON audit_chain TO {WRITER}",
        f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {WRITER}",
        f"GRANT SELECT ON {', '.join(SCOPED + OPEN)} TO {READER}",
    ]


def row_security(schema: str) -> list[str]:
    """Policies for the reader; the owner, who brings the schema up to date and feeds the statistics, is not bound.

    A child row is seen when its parent is: the subqueries run as the reader, under the policy of the table they name.
    Without a scope every condition is NULL or FALSE, which shows nothing.
    """
    kind = "(SELECT current_setting('panorama.scope', TRUE))"
    value = "(SELECT current_setting('panorama.scope_value', TRUE))"
    placed = "COALESCE(NULLIF(area, ''), substr(uscc, 3, 6))"
    # The enterprises seen are those of the district. A firm without a row there is placed by its digits; to know that
    # it has none takes the whole register, which the reader does not see.
    of_firm = (
        f"{kind} = 'enterprise' AND uscc = {value} OR {kind} = 'district' AND (uscc IN (SELECT e.uscc FROM enterprise e)"
        f" OR substr(uscc, 3, 6) = {value} AND uscc NOT IN (SELECT panorama_enterprises()))"
    )
    declared = "SELECT 1 FROM declaration d WHERE d."
    vin = "vin IN (SELECT v.vin FROM goods_vehicle v)"
    seen = {
        "enterprise": f"{kind} = 'enterprise' AND uscc = {value} OR {kind} = 'district' AND {placed} = {value}",
        "declaration": f"{of_firm} OR {kind} = 'exit_office' AND exit_office = {value}",
        "goods_item": f"EXISTS ({declared}id = goods_item.declaration_id)",
        "goods_vehicle": f"EXISTS ({declared}id = goods_vehicle.declaration_id)",
        "receipt": f"EXISTS ({declared}seq_no = receipt.seq_no)",
        "licence": of_firm,
        "licence_vehicle": "EXISTS (SELECT 1 FROM licence l WHERE l.licence_no = licence_vehicle.licence_no)",
        "vehicle": vin,
        "vehicle_step": vin,
        "registration": vin,
    }
    made = [
        "CREATE FUNCTION panorama_enterprises() RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER "
        f"SET search_path = {schema}, pg_temp AS $$ SELECT uscc FROM enterprise $$",
        "REVOKE ALL ON FUNCTION panorama_enterprises() FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION panorama_enterprises() TO {READER}",
    ]
    for table in SCOPED:
        made += [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"CREATE POLICY {table}_written ON {table} FOR ALL TO {WRITER} USING (TRUE) WITH CHECK (TRUE)",
            f"CREATE POLICY {table}_seen ON {table} FOR SELECT TO {READER} USING ({kind} = 'all' OR {seen[table]})",
        ]
    return made
