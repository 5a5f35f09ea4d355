"""CPU seconds of two ways to the same result, alternating, the best of each: a busy machine hits both."""

import time
from collections.abc import Callable

Work = Callable[[], object]


def ratio(ours: Work, theirs: Work, repeats: int) -> float:
    """Our CPU seconds divided by theirs."""
    costs = [(cost(ours), cost(theirs)) for _ in range(repeats)]
    return min(each for each, _ in costs) / min(each for _, each in costs)


def cost(work: Work) -> float:
    """CPU seconds of all threads."""
    start = time.process_time()
    work()
    return time.process_time() - start
