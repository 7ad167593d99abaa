"""The alerts of a wall as element trees: one line each in the lane, two in the list of ultra-wide walls."""

from typing import Any

from dashboard import format as f
from dashboard.fitting import fitted
from dashboard.markup import Node, el

Alert = dict[str, Any]
SEVERITIES = {"critical": ("al", "严重"), "warning": ("wn", "注意")}
LISTED = 3  # as many as the panel has room for
LANE_ROOM, LIST_ROOM = 30.0, 26.0  # rem of the words


def alert_parts(alerts: list[Alert], today: str) -> dict[str, Any]:
    """Every part that tells of alerts but the seal: tag and lines of the lane, list and its note."""
    grave = any(alert["severity"] == "critical" for alert in alerts)
    return {
        "lanetag": el("span", f"tag {'al' if grave else 'wn'}" if alerts else "tag tk", f"告警 {len(alerts)}"),
        "lane": [in_lane(alert, today) for alert in alerts] or [el("span", "quiet", "无未关闭告警")],
        "alerts": ["", "", *(in_list(alert, today) for alert in alerts[:LISTED])]
        if alerts
        else el("li", "none", "无未关闭告警"),
        "alertsnote": f"未关闭 {len(alerts)}",
    }


def in_lane(alert: Alert, today: str) -> Node:
    """One line: what, how grave, since when, who."""
    words = el("span", "", fitted(alert["words"], LANE_ROOM))
    return el(
        "span",
        "event",
        words,
        el("span", "quiet", " · ".join([SEVERITIES[alert["severity"]][1], *facts(alert, today)])),
    )


def in_list(alert: Alert, today: str) -> Node:
    """Two lines beside the tag of its severity."""
    tag, name = SEVERITIES[alert["severity"]]
    words = el("span", "", fitted(alert["words"], LIST_ROOM))
    return el("li", "", el("span", f"tag {tag}", name), words, el("small", "", " · ".join(facts(alert, today))))


def facts(alert: Alert, today: str) -> list[str]:
    """Since when, with the day unless it is today, and who is at work on it."""
    day = "" if alert["since"][:10] == today else f"{alert['since'][5:10]} "
    return [f"自 {day}{f.clock_minute(alert['since'])} 起", alert["owner"] or "待认领"]
