"""When demo declarations are made: two years of growth with the seasons and weeks of the trade."""

import random
from datetime import date, datetime, time, timedelta

# January to December; 春节 empties February, and the year's end is the busiest time.
SEASON = (0.85, 0.58, 1.0, 1.03, 1.0, 1.06, 0.94, 0.98, 1.1, 0.92, 1.16, 1.3)
WEEKDAY = (1.1, 1.05, 1.0, 1.0, 1.05, 0.35, 0.2)
GROWTH = 1.6  # by how much the last day exceeds the first
OPENING = time(8, 30)
OPEN_SECONDS = 9 * 3600


def first_day(until: date) -> date:
    """Return the first day of the two years that end with `until`."""
    day = until - timedelta(days=1) if (until.month, until.day) == (2, 29) else until
    return day.replace(year=day.year - 2) + timedelta(days=1)


def moments(rng: random.Random, until: date, horizon: datetime, count: int, spare_days: int = 0) -> list[datetime]:
    """Return `count` times of declaration in order, none within `spare_days` of the end nor after the horizon."""
    first = first_day(until)
    days = [first + timedelta(days=k) for k in range((until - first).days + 1 - spare_days)]
    weights = [weight(day, place / len(days)) for place, day in enumerate(days)]
    return sorted(moment(rng, day, horizon) for day in rng.choices(days, weights, k=count))


def weight(day: date, progress: float) -> float:
    """Return how busy a day is; progress runs from 0 to 1 over the two years."""
    return (1 + GROWTH * progress) * SEASON[day.month - 1] * WEEKDAY[day.weekday()]


def moment(rng: random.Random, day: date, horizon: datetime) -> datetime:
    """Return a time of a day's office hours; what would lie beyond the horizon is brought shortly before it."""
    drawn = datetime.combine(day, OPENING) + timedelta(seconds=rng.randrange(OPEN_SECONDS))
    return min(drawn, horizon - timedelta(seconds=rng.randrange(60, 3600)))
