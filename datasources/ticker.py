"""The newest events of the declarations, for the line that runs at the foot of the wall."""

from datetime import UTC, date, datetime
from typing import Any

import duckdb

from datasources.names import STATES, country_name, office_name, short_name
from datasources.ranks import enterprise_names
from datasources.source import SHANGHAI

# Which time tells when a declaration came into its state; states without one of their own make no event.
TIMES = {
    "LODGED": "lodged_at", "PASSED": "passed_at", "EXAMINED": "passed_at", "RELEASED": "released_at",
    "CLEARED": "cleared_at", "DELETED": "deleted_at",
}  # fmt: skip


def ticker(
    engine: duckdb.DuckDBPyConnection, events: list[dict[str, Any]], today: date, count: int = 12
) -> list[dict[str, Any]]:
    """Return the newest events first, each with its time in Xi'an, and with its day where that is not today."""
    names = enterprise_names(engine)
    timed = [(event.get(TIMES.get(event["state"], ""), ""), event) for event in events]
    newest = sorted((pair for pair in timed if pair[0]), key=lambda pair: (pair[0], pair[1]["seq_no"]), reverse=True)
    return [_line(stamp, event, names, today) for stamp, event in newest[:count]]


def _line(stamp: str, event: dict[str, Any], names: dict[str, str], today: date) -> dict[str, Any]:
    at = datetime.fromisoformat(stamp).replace(tzinfo=UTC).astimezone(SHANGHAI)
    return {
        "at": at.isoformat(timespec="seconds"),
        "time": f"{at:%H:%M}" if at.date() == today else f"{at:%m-%d %H:%M}",
        "enterprise": short_name(names.get(event["uscc"], event["uscc"])),
        "country": country_name(event["country"]),
        "office": office_name(event["office"]),
        "vehicles": event["vehicles"],
        "cny_cents": event["cny_cents"],
        "state": event["state"],
        "state_name": STATES[event["state"]],
        "seq_no": event["seq_no"],
    }
