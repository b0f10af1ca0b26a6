"""Whether two answers are the same: rows in any order, floats to nine digits."""
import datetime
import math
import re

TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:?00)?)?")
TOLERANCE = 1e-9


def same(ours, theirs):
    """Whether the rows are equal as a bag."""
    ours, theirs = plain(ours), plain(theirs)
    if len(ours) != len(theirs) or len({len(row) for row in ours + theirs}) > 1:
        return False
    # Rows are put in order by what is exact in them first, so that a last digit does not change it.
    columns = range(len(ours[0])) if ours else ()
    inexact = [index for index in columns if any(isinstance(row[index], float) for row in ours + theirs)]
    exact = [index for index in columns if index not in inexact]

    def key(row):
        return [sortable(row[index]) for index in exact + inexact]

    pairs = zip(sorted(ours, key=key), sorted(theirs, key=key))
    return all(same_value(*values) for one, other in pairs for values in zip(one, other))


def plain(rows):
    return [[plain_value(value) for value in row] for row in rows]


def plain_value(value):
    """A value in the one form that all engines' values are brought to. All times here are UTC."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and TIME.fullmatch(value):
        return datetime.datetime.fromisoformat(value).replace(tzinfo=None)
    return value


def sortable(value):
    if value is None:
        return (0, 0)
    if isinstance(value, (int, float)):
        return (1, value)
    return (2, str(value))


def same_value(one, other):
    if isinstance(one, float) or isinstance(other, float):
        numbers = isinstance(one, (int, float)) and isinstance(other, (int, float))
        return numbers and (math.isclose(one, other, rel_tol=TOLERANCE) or (math.isnan(one) and math.isnan(other)))
    return one == other
