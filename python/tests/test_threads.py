"""Threads: the interpreter's lock is released, and rules serve them all."""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import dehusk
import pytest


@pytest.fixture
def no_switching():
    """Python takes the lock from no thread that does not give it away."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(30)
    yield
    sys.setswitchinterval(before)


def seen_meanwhile(work):
    """How often this thread gets to run between the beginning and the end of another's work."""
    span, seen = [], []

    def other():
        span.append(time.perf_counter())
        work()
        span.append(time.perf_counter())

    thread = threading.Thread(target=other)
    thread.start()
    while thread.is_alive():
        seen.append(time.perf_counter())
        time.sleep(0.001)
    return sum(span[0] < moment < span[1] for moment in seen)


def hold_the_lock():
    end = time.perf_counter() + 0.2
    while time.perf_counter() < end:
        pass


def test_other_threads_run_while_a_page_is_worked_on(no_switching):
    page = b"<div><p>It rained.</p></div>" * 20_000
    assert seen_meanwhile(lambda: dehusk.clean(page)) > 3
    assert seen_meanwhile(lambda: dehusk.clean(page.decode(), select=".promo")) > 3


def test_that_would_be_noticed(no_switching):
    assert seen_meanwhile(hold_the_lock) == 0


def test_other_threads_run_while_rules_are_built(no_switching):
    rules = "\n".join(f".class-{i} > p" for i in range(20_000))
    assert seen_meanwhile(lambda: dehusk.Rules({"many.sel": rules})) > 3


def test_threads_share_rules(page, cleaned):
    rules = dehusk.Rules()
    sites = [None, "lemonde.fr", "https://www.lemonde.fr/a"] * 20
    with ThreadPoolExecutor(8) as pool:
        for text in pool.map(lambda url: dehusk.clean(page, url, rules=rules), sites):
            assert text == cleaned
        for text in pool.map(dehusk.clean, [page] * 20):
            assert text == cleaned
