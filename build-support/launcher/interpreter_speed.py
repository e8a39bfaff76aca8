"""Prints how long this Python takes for a loop of calls, strings and dictionaries, in microseconds, and its path.

Exits with 1 where it is not of the version that is asked for, or cannot make virtual environments.
"""

import os
import sys
import time

ROUNDS = 100


class _Item:
    def __init__(self, number):
        self.number = number

    def plus(self, other):
        return self.number + other


def work():
    """What services spend their time with, in small."""
    seen = {}
    for number in range(500):
        seen[str(number % 17)] = [_Item(number).plus(1), f"{number}"]
    return seen


def microseconds():
    """The best of many rounds, of this process' own time: what else the machine does hardly counts."""
    best = sys.maxsize
    for _ in range(ROUNDS):
        started_at = time.process_time_ns()
        work()
        best = min(best, time.process_time_ns() - started_at)
    return best // 1000


if __name__ == "__main__":
    if "%d.%d" % sys.version_info[:2] != sys.argv[1]:
        sys.exit(1)
    import ensurepip  # noqa: F401

    print(microseconds(), os.path.realpath(sys.executable))
