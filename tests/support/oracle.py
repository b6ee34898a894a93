"""Works out, minute by minute and with Python's zoneinfo, when crontab rules fire around time changes.

Usage: oracle.py CASES [SEED]   prints one JSON object per line; CASES 0 means every zone and every transition.

It shares no code and no idea with the program under test: it walks through wall-clock minutes and asks zoneinfo.
"""

import calendar
import json
import random
import sys
from datetime import datetime, timedelta, timezone
from importlib import resources
from zoneinfo import ZoneInfo, available_timezones, reset_tzpath

reset_tzpath([])  # only the tzdata package: its version is known
UTC = timezone.utc
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2037, 12, 31, tzinfo=UTC)
DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]


def transitions(zone):
    """Instants between which the offset changes, found by bisection to the second."""
    found, at = [], FIRST
    while at < LAST:
        later = at + timedelta(days=7)
        if offset(zone, at) != offset(zone, later):
            low, high = at, later
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                middle = middle.replace(microsecond=0)
                if offset(zone, low) == offset(zone, middle):
                    low = middle
                else:
                    high = middle
            found.append(high)
        at = later
    return found


def offset(zone, instant):
    return instant.astimezone(zone).utcoffset()


def field(text, low, high, names=()):
    """The values of one crontab field."""
    values = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if span == "*":
            first, last = low, high
        else:
            first, _, last = span.partition("-")
            first = names.index(first) if first in names else int(first)
            last = (names.index(last) if last in names else int(last)) if last else first
            if step and "-" not in span:
                last = high
        values |= set(range(first, last + 1, int(step or 1)))
    return values


class Rule:
    def __init__(self, text, both):
        minute, hour, day, month, weekday = text.split()
        self.minutes, self.hours = field(minute, 0, 59), field(hour, 0, 23)
        self.days, self.months = field(day, 1, 31), field(month, 1, 12)
        self.weekdays = {d % 7 for d in field(weekday, 0, 7, DAYS)}
        self.periodic = minute.startswith("*") or hour.startswith("*")
        either = not (day.startswith("*") or weekday.startswith("*") or both)
        self.day_rule = (lambda a, b: a or b) if either else (lambda a, b: a and b)

    def on(self, date):
        in_month = date.day in self.days
        in_week = (date.weekday() + 1) % 7 in self.weekdays
        return date.month in self.months and self.day_rule(in_month, in_week)

    def walls(self, first, last):
        date = first.date()
        while date <= last.date():
            if self.on(date):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        yield datetime(date.year, date.month, date.day, hour, minute)
            date += timedelta(days=1)


def instants(rule, zone, after, until):
    """Every instant at which the rule fires in (after, until]."""
    found = set()
    for wall in rule.walls((after - timedelta(days=2)).replace(tzinfo=None), (until + timedelta(days=2)).replace(tzinfo=None)):
        early, late = wall.replace(tzinfo=zone, fold=0), wall.replace(tzinfo=zone, fold=1)
        exists = early.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) == wall
        if not exists:
            # PEP 495: fold 0 in a gap reads the time with the offset before it.
            if not rule.periodic:
                found.add(early.astimezone(UTC))
            continue
        found.add(early.astimezone(UTC))
        if rule.periodic and early.utcoffset() != late.utcoffset():
            found.add(late.astimezone(UTC))
    return sorted(at for at in found if after < at <= until)


def rules(chance, zone, at):
    """Rules that a transition can hurt: fixed times around it, and periodic ones."""
    before = (at - timedelta(seconds=1)).astimezone(zone)
    after = at.astimezone(zone)
    low, high = sorted([before.replace(tzinfo=None), after.replace(tzinfo=None)])
    inside = low + timedelta(minutes=chance.randrange(max(1, int((high - low).total_seconds() // 60) + 1)))
    near = [low + timedelta(minutes=m) for m in (-1, 0, 1, 30)] + [high + timedelta(minutes=m) for m in (-1, 0, 1)] + [inside]
    wall = chance.choice(near)
    last = calendar.monthrange(wall.year, wall.month)[1]
    fixed = f"{wall.minute} {wall.hour}"
    return [
        (f"{fixed} * * *", False),
        ("*/5 * * * *", False),
        ("*/15 */2 * * *", False),
        ("7 * * * *", False),
        (f"{fixed} * * {DAYS[wall.isoweekday() % 7]}", False),
        (f"{fixed} {min(wall.day, last)},29-31 * *", False),
        (f"{fixed} 1-7 * MON", True),
        (f"{fixed} {wall.day} {wall.month} {(wall.isoweekday() + 1) % 7}", False),
        (f"{fixed} */2 * 1-5", False),
    ]


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2] if len(sys.argv) > 2 else 1)
    chance = random.Random(seed)
    version = resources.files("tzdata").joinpath("zoneinfo/tzdata.zi").read_text().split("\n", 1)[0]
    print(json.dumps({"version": version.removeprefix("# version ").strip()}))
    zones = sorted(available_timezones() - {"localtime", "posixrules", "Factory"})
    if count:
        zones = chance.sample(zones, min(len(zones), 200))
    made = 0
    for name in zones:
        zone = ZoneInfo(name)
        changes = transitions(zone)
        if count:
            changes = chance.sample(changes, min(len(changes), 8))
        for at in changes:
            for text, both in rules(chance, zone, at):
                after, until = at - timedelta(days=2), at + timedelta(days=2)
                fires = [int(instant.timestamp()) for instant in instants(Rule(text, both), zone, after, until)]
                case = {"zone": name, "rule": text, "both": both, "after": int(after.timestamp()), "until": int(until.timestamp()), "fires": fires}
                print(json.dumps(case))
                made += 1
                if made == count:
                    return


main()
