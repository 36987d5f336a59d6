"""`make push-pins`: what commands committed reaches the remote. It needs git and a bare Python alone.

The stages' files go after what others pushed meanwhile, once more where another push came between. Branches
of proposals go apart from them, so that neither keeps the other back: a branch that the remote has with the
same change is left as it is there, and one that holds something else there is named.
"""

import subprocess
import sys

TRIES = 5
BRANCHES = "refs/heads/slipway/"


def git(*words: str) -> tuple[bool, str]:
    """Whether git did it, and what it said."""
    done = subprocess.run(
        ["git", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return done.returncode == 0, done.stdout.strip()


def pins() -> str | None:
    """Push the commits of this branch; what is in the way, or None.

    What is changed and not committed stays so, and keeps no commit back.
    """
    said = ""
    for _ in range(TRIES):
        done, said = git("pull", "--quiet", "--rebase", "--autostash")
        if not done:
            git("rebase", "--abort")
            return f"What others pushed was not had, or what is committed here does not go on it:\n{said}"
        print(said, end="\n" * bool(said))
        done, said = git("push", "--quiet", "origin", "HEAD")
        if done:
            return None
    return f"The remote took no commits, {TRIES} times:\n{said}"


def branch(ref: str) -> str | None:
    """Push one branch; what is in the way, or None."""
    done, said = git("push", "--quiet", "origin", f"{ref}:{ref}")
    if done or _had(ref):
        return None
    name = ref.removeprefix("refs/heads/")
    return (
        f"The branch {name} was not pushed:\n{said}\n"
        f"Where the remote has another proposal of that name: merge it, or git push origin --delete {name}; "
        "then run the job again."
    )


def _had(ref: str) -> bool:
    """Whether the remote's branch of that name has this one's last commit, or one with the same change."""
    fetched, _ = git("fetch", "--quiet", "origin", ref)
    if not fetched:
        return False
    same, _ = git("merge-base", "--is-ancestor", ref, "FETCH_HEAD")
    told, listed = git("cherry", "FETCH_HEAD", ref, f"{ref}^")
    return same or (told and listed.startswith("-"))


def main() -> int:
    """Push all of it; 0 when all of it is on the remote."""
    refs = git("for-each-ref", "--format=%(refname)", BRANCHES)[1].split()
    wrong = [said for said in (pins(), *map(branch, refs)) if said]
    print("\n".join(wrong), file=sys.stderr, end="\n" * bool(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
