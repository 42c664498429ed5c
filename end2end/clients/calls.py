"""What the suites of third-party clients share: the simulated venue's address, counting, and checks that say what failed."""

import json
import os
import sys
import time

ADDRESS = os.environ["SIMULATOR_URL"].rstrip("/")
KEY = os.environ.get("SIMULATOR_KEY", "simulator-key")
SECRET = os.environ.get("SIMULATOR_SECRET", "simulator-secret")


class Calls:
    """Counts what was called and checked, and keeps what a client cannot do for reasons of its own."""

    def __init__(self, client):
        self.client = client
        self.called = 0
        self.checked = 0
        self.failures = []
        self.cannot = []

    def check(self, holds, what, seen=None):
        """Notes a failure with what was seen instead."""
        self.checked += 1
        if not holds:
            self.failures.append(f"{what}: {shown(seen)}")

    def same(self, got, wanted, what):
        self.check(got == wanted, f"{what} is not {shown(wanted)}", got)

    def refused(self, call, kind, word, what):
        """The call must raise this kind of error with this word in it."""
        try:
            answer = call()
        except kind as error:
            self.check(word in str(error), f"{what} was refused without {word}", str(error))
        except Exception as error:  # any other error is the finding
            self.check(False, f"{what} raised {type(error).__name__} instead of {kind.__name__}", str(error))
        else:
            self.check(False, f"{what} was not refused", answer)

    def unable(self, what, why):
        """What the client cannot do by itself, whatever the venue answers."""
        self.cannot.append((what, why))

    def close(self):
        for what, why in self.cannot:
            print(f"{self.client} cannot {what}: {why}")
        for failure in self.failures:
            print(f"FAILED {self.client}: {failure}")
        print(json.dumps({
            "client": self.client, "calls": self.called, "checks": self.checked,
            "failures": len(self.failures), "cannot": len(self.cannot),
        }))
        sys.exit(1 if self.failures else 0)


def shown(value):
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= 300 else text[:300] + "…"


def until(holds, what, seconds=10):
    """Asks again until it holds; the answer for which it does."""
    deadline = time.monotonic() + seconds
    while True:
        answer = holds()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.05)
