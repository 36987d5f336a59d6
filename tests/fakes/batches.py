"""Transform jobs and files in memory: a job is over when somebody looks at it for the second time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from release.domain.batch import Changed, File, Job, Run


@dataclass
class FakeBatchJobs:
    """Files by their URI; a job joins `,scored` to every line of its input, unless `ends` says otherwise."""

    content: dict[str, bytes] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)
    runs: dict[str, Run] = field(default_factory=dict)
    ends: Callable[[Job], Run] | None = None
    said: list[str] = field(default_factory=list)

    def files(self, uri: str) -> Sequence[File]:
        """By the beginning of their names."""
        there = sorted(found for found in self.content if found.startswith(uri))
        return [File(found, str(hash(self.content[found])), len(self.content[found])) for found in there]

    def first_line(self, file: File) -> bytes:
        """Of the content."""
        return self._whole(file).partition(b"\n")[0]

    def rows(self, file: File) -> int:
        """Of the content."""
        return len(self._whole(file).splitlines())

    def find(self, name: str) -> Run | None:
        """A run as it is now; it is over at the next look."""
        run = self.runs.get(name)
        if run is not None and run.busy:
            job = next(job for job in self.jobs if job.name == name)
            self.runs[name] = self.ends(job) if self.ends else self.done(job)
        return run

    def done(self, job: Job) -> Run:
        """Every file of the job has its answers."""
        folder = job.input if job.input.endswith("/") else f"{job.input.rpartition('/')[0]}/"
        for file in self.files(job.input):
            lines = [line + b",scored" for line in self.content[file.uri].splitlines()]
            self.content[f"{job.output}/{file.uri.removeprefix(folder)}.out"] = b"\n".join(lines)
        return replace(self.runs[job.name], status="Completed")

    def start(self, job: Job) -> None:
        """It runs."""
        self.jobs.append(job)
        self.runs[job.name] = Run(job.name, "InProgress", job.model)

    def log(self, job: str) -> Sequence[str]:
        """As set."""
        return self.said

    def _whole(self, file: File) -> bytes:
        if file not in self.files(file.uri):
            raise Changed(file.uri)
        return self.content[file.uri]
