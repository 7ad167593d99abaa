"""Names the transaction schema that the statistics read, and the schema of the facts made from it, once each.

A fact is one goods item of one revision of a declaration. Money is integer cents and is only ever added.
"""

# What the kitchen reads of the transaction database; nothing else in this folder names its tables.
#
# The SQLite driver of ADBC guesses a column's type from its first values and fails when a later one differs; every
# column that may be NULL is therefore given a value of its own type here and turned back into NULL on our side.
NO_MINUTES = -999_999_999

SOURCE_ITEM = f"""
SELECT d.id AS declaration_id, g.line AS line, d.revision AS revision, d.seq_no AS seq_no, d.state AS state,
       CASE WHEN d.counted THEN 1 ELSE 0 END AS counted, d.declared_on AS declared_on,
       COALESCE(d.released_on, '') AS released_on, COALESCE(d.cleared_on, '') AS cleared_on,
       CASE WHEN g.line = 1 THEN COALESCE(d.clearance_minutes, {NO_MINUTES}) ELSE {NO_MINUTES} END AS clearance_minutes,
       g.country AS country, g.brand AS brand, g.model AS model, g.fuel AS fuel, d.uscc AS uscc,
       COALESCE(g.source_district, '') AS zone, COALESCE(d.exit_office, '') AS exit_office,
       COALESCE(d.exit_port, '') AS exit_port, COALESCE(d.transport_mode, '') AS transport_mode,
       COALESCE(g.hs_code, '') AS hs_code, g.vehicles AS vehicles, g.cny_cents AS cny_cents, g.usd_cents AS usd_cents
FROM declaration d JOIN goods_item g ON g.declaration_id = d.id
"""
# Both tables have this order as their key. Facts that lie by number let Parquet skip all but the newest of them.
SOURCE_ITEM_ORDER = "ORDER BY d.id, g.line"

SOURCE_ENTERPRISE = """
SELECT uscc, name, COALESCE(area, '') AS area, CASE WHEN filed THEN 1 ELSE 0 END AS filed FROM enterprise ORDER BY uscc
"""

# Both read the index ix_declaration_control alone; grouping by day keeps its order, so nothing is sorted.
SOURCE_CONTROL = """
SELECT cleared_on AS day, COUNT(*) AS declarations, CAST(SUM(vehicles) AS BIGINT) AS vehicles,
       CAST(SUM(cny_cents) AS BIGINT) AS cny_cents, CAST(SUM(usd_cents) AS BIGINT) AS usd_cents
FROM declaration WHERE counted = TRUE GROUP BY cleared_on
"""

SOURCE_ITEM_CONTROL = """
SELECT d.cleared_on AS day, COUNT(*) AS items, CAST(SUM(g.vehicles) AS BIGINT) AS vehicles,
       CAST(SUM(g.cny_cents) AS BIGINT) AS cny_cents, CAST(SUM(g.usd_cents) AS BIGINT) AS usd_cents
FROM declaration d JOIN goods_item g ON g.declaration_id = d.id WHERE d.counted = TRUE
"""

# What each declaration says it amounts to; asked only when something differs.
SOURCE_OWN_TOTALS = """
SELECT d.id AS declaration_id, d.vehicles AS vehicles, d.cny_cents AS cny_cents, d.usd_cents AS usd_cents
FROM declaration d
"""

SOURCE_EVENTS = """
SELECT d.seq_no AS seq_no, d.state AS state, d.uscc AS uscc, COALESCE(d.exit_office, '') AS office,
       d.vehicles AS vehicles, d.cny_cents AS cny_cents, COALESCE(g.country, '') AS country,
       COALESCE(CAST(d.lodged_at AS TEXT), '') AS lodged_at, COALESCE(CAST(d.passed_at AS TEXT), '') AS passed_at,
       COALESCE(CAST(d.released_at AS TEXT), '') AS released_at, COALESCE(CAST(d.cleared_at AS TEXT), '') AS cleared_at,
       COALESCE(CAST(d.deleted_at AS TEXT), '') AS deleted_at
FROM (SELECT * FROM declaration ORDER BY changed_at DESC LIMIT 200) d
LEFT JOIN goods_item g ON g.declaration_id = d.id AND g.line = 1
"""

# The newest change of each table that a figure depends on; each is one step into an index, or a small table.
SOURCE_PULSE = """
SELECT (SELECT COALESCE(CAST(MAX(changed_at) AS TEXT), '') FROM declaration) AS declaration,
       (SELECT COALESCE(MAX(id), 0) FROM declaration) AS last_id,
       (SELECT COALESCE(CAST(MAX(changed_at) AS TEXT), '') FROM registration) AS registration,
       (SELECT COALESCE(CAST(MAX(changed_at) AS TEXT), '') FROM licence_vehicle) AS licence_vehicle,
       (SELECT COALESCE(CAST(MAX(changed_at) AS TEXT), '') FROM enterprise) AS enterprise,
       (SELECT COALESCE(MAX(id), 0) FROM alert_transition) AS alert
"""

SOURCE_STAGES = """
SELECT (SELECT COUNT(*) FROM registration WHERE transfer_on >= '{first}' AND transfer_on <= '{last}') AS transferred,
       (SELECT COUNT(*) FROM licence_vehicle WHERE issued_on >= '{first}' AND issued_on <= '{last}') AS licensed
"""

SOURCE_DEMO = "SELECT value FROM platform_fact WHERE key = 'demo'"

# The columns of a fact: our type, and how it is made from the column of the same name above.
FACT_COLUMNS: dict[str, tuple[str, str]] = {
    "declaration_id": ("BIGINT", "declaration_id"),
    "line": ("INTEGER", "line"),
    "revision": ("INTEGER", "revision"),
    "seq_no": ("VARCHAR", "seq_no"),
    "state": ("VARCHAR", "state"),
    "counted": ("BOOLEAN", "counted"),
    "declared_on": ("DATE", "TRY_CAST(declared_on AS DATE)"),
    "released_on": ("DATE", "TRY_CAST(NULLIF(released_on, '') AS DATE)"),
    "cleared_on": ("DATE", "TRY_CAST(NULLIF(cleared_on, '') AS DATE)"),
    "clearance_minutes": ("INTEGER", f"NULLIF(clearance_minutes, {NO_MINUTES})"),
    "country": ("VARCHAR", "country"),
    "brand": ("VARCHAR", "brand"),
    "model": ("VARCHAR", "model"),
    "fuel": ("VARCHAR", "fuel"),
    "uscc": ("VARCHAR", "uscc"),
    "zone": ("VARCHAR", "zone"),
    "exit_office": ("VARCHAR", "exit_office"),
    "exit_port": ("VARCHAR", "exit_port"),
    "transport_mode": ("VARCHAR", "transport_mode"),
    "hs_code": ("VARCHAR", "hs_code"),
    "vehicles": ("INTEGER", "vehicles"),
    "declarations": ("INTEGER", "CASE WHEN line = 1 THEN 1 ELSE 0 END"),
    "cny_cents": ("BIGINT", "cny_cents"),
    "usd_cents": ("BIGINT", "usd_cents"),
    "known_from": ("TIMESTAMP", "known_from"),
    "taken": ("BIGINT", "taken"),
}

MARK_COLUMNS = {"declaration_id": "BIGINT", "revision": "INTEGER", "known_to": "TIMESTAMP", "taken": "BIGINT"}
ENTERPRISE_COLUMNS = {"uscc": "VARCHAR", "name": "VARCHAR", "area": "VARCHAR", "filed": "BOOLEAN"}

# A revision is superseded by a mark of a later generation; after a restored backup the same revision may come again.
# The running number of the generation decides, not the time: a clock may be set back.
CURRENT = """
SELECT l.* FROM {log} l ANTI JOIN {marks} m
ON m.declaration_id = l.declaration_id AND m.revision = l.revision AND m.taken > l.taken
"""


def fact_select(relation: str, known_from: str, taken: int) -> str:
    """Return the SQL that turns source rows into facts.

    `known_from` is a UTC moment written 'YYYY-MM-DD HH:MM:SS.ffffff', `taken` the running number of the generation.
    """
    made = [f"CAST({expression} AS {kind}) AS {name}" for name, (kind, expression) in FACT_COLUMNS.items()]
    known = f"TIMESTAMP '{known_from}' AS known_from, {taken} AS taken"
    return f"SELECT {', '.join(made)} FROM (SELECT *, {known} FROM {relation})"


def empty(columns: dict[str, str]) -> str:
    """Return a parenthesised SELECT of no rows with these columns, for when there is no file yet."""
    return "(SELECT " + ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in columns.items()) + " WHERE FALSE)"


def fact_types() -> dict[str, str]:
    """Return the fact columns with their types alone."""
    return {name: kind for name, (kind, _) in FACT_COLUMNS.items()}
