"""Steps of a walk-through in Python: each prints one line and is counted; the walk goes on after a failure."""

import contextlib
import os
import sys
import traceback

ENDPOINT = os.environ["KMS_ENDPOINT"]
ACCOUNT = os.environ["AWS_ACCESS_KEY_ID"]
REGION = os.environ["AWS_DEFAULT_REGION"]

_passed = 0
_failed = 0


def report(name, problem=None):
    global _passed, _failed
    if problem is None:
        _passed += 1
        print(f"ok    {name}", flush=True)
    else:
        _failed += 1
        print(f"FAIL  {name}\n      {problem}", flush=True)


def equal(name, expected, seen):
    report(name, None if expected == seen else f"expected: {expected!r}\n      seen:     {seen!r}")


def true(name, seen, problem="it does not hold"):
    report(name, None if seen else problem)


@contextlib.contextmanager
def works(name):
    """The steps inside raise nothing."""
    try:
        yield
    except Exception as error:
        report(name, f"{type(error).__name__}: {error}")
    else:
        report(name)


@contextlib.contextmanager
def raises(name, exception):
    """The steps inside raise this exception; it is left in the `error` of what `with` binds."""
    caught = type("Caught", (), {"error": None})()
    try:
        yield caught
    except exception as error:
        caught.error = error
        report(name)
    except Exception as error:
        report(name, f"expected: {exception.__name__}\n      seen:     {type(error).__name__}: {error}")
    else:
        report(name, f"expected: {exception.__name__}\n      seen:     no exception")


def walk(*parts):
    """Runs the parts of a walk-through, prints the closing line and ends the program."""
    for part in parts:
        try:
            part()
        except Exception:
            last = traceback.format_exc().strip().replace("\n", "\n      ")
            report(f"{part.__name__} goes on to its end", last)
    print(f"{_passed} passed, {_failed} failed", flush=True)
    sys.exit(1 if _failed else 0)
