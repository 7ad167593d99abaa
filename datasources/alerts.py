"""The open alerts that a wall may show in a hall where anybody can read it; those about people's accounts never are."""

from datetime import UTC, datetime
from typing import Any

from datasources.source import SHANGHAI

# The rules of alerts that belong on a wall. All others tell of accounts, addresses and attacks.
ON_WALL = ("silent_screen", "screen_differs")

SOURCE_ALERTS = f"""
SELECT a.rule AS rule, a.severity AS severity, a.state AS state, a.words AS words, CAST(a.first_at AS TEXT) AS first_at,
       COALESCE((SELECT t.actor FROM alert_transition t WHERE t.alert_id = a.id AND t.from_state IS NOT NULL
                 ORDER BY t.id DESC LIMIT 1), '') AS owner
FROM alert a WHERE a.state IN ('firing', 'acked') AND a.rule IN ({", ".join(f"'{rule}'" for rule in ON_WALL)})
ORDER BY CASE a.severity WHEN 'critical' THEN 0 ELSE 1 END, a.first_at DESC, a.id DESC
"""


def alerts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the open alerts, the grave and then the newest first: severity, words, since when, who is on it.

    `owner` is empty while nobody has taken the alert on; `since` is a moment in Xi'an, ISO with offset.
    """
    return [{**{key: row[key] for key in ("rule", "severity", "words", "owner")}, "since": _at(row)} for row in rows]


def _at(row: dict[str, Any]) -> str:
    at = datetime.fromisoformat(row["first_at"]).replace(tzinfo=UTC).astimezone(SHANGHAI)
    return at.isoformat(timespec="seconds")
