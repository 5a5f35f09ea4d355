"""Progress of long work, drawn in a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn, TimeElapsedColumn

from jobs.work import Progress as Report


class _Speed(ProgressColumn):
    def render(self, task: Task) -> str:
        return f"{task.speed:>9,.0f}/s" if task.speed else ""


@contextmanager
def watching(console: Console) -> Iterator[Report]:
    """A report function that draws one line for each job and stream, with rows and rows a second."""
    columns = (
        SpinnerColumn(finished_text=" "),
        TextColumn("{task.description}"),
        TextColumn("{task.completed:>9,.0f} rows"),
        _Speed(),
        TimeElapsedColumn(),
    )
    tasks: dict[tuple[str, str], TaskID] = {}
    with Progress(*columns, console=console, transient=True) as progress:

        def report(job: str, of: str, rows: int) -> None:
            if (job, of) not in tasks:
                tasks[job, of] = progress.add_task(f"{job} {of}", total=None)
            progress.advance(tasks[job, of], rows)

        yield report
