"""Runs what a cell awaits at its top level. Belongs to the code that it runs, like caisson_cell."""

import asyncio


def run(coroutine):
    """Runs it to its end, in a loop of its own. asyncio.run() would turn an interrupt into a
    cancellation, which code that computes and never awaits would not notice."""
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(coroutine)
    finally:
        try:
            _end_tasks(loop)
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            loop.close()


def _end_tasks(loop):
    """What a cell leaves running ends with it."""
    tasks = asyncio.all_tasks(loop)
    if not tasks:
        return
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    for task in tasks:
        if not task.cancelled() and task.exception() is not None:
            loop.call_exception_handler(
                {
                    "message": "a task failed when the cell ended",
                    "exception": task.exception(),
                    "task": task,
                }
            )
