"""A watch over a child's process group: it must not outlive us, however we die.

A shell of a few kilobytes holds the read end of a pipe. When this process ends without a word,
by SIGKILL or a crash, the pipe closes and the shell kills the child with all its children. That
needs nothing of the child, works for a worker's pool too, and not only on Linux.
"""

import subprocess

# The first line is the group, the second one "done" when there is nothing left to kill.
_WATCH = (
    "read -r group || exit 0; read -r word; "
    '[ "$word" = done ] || kill -s KILL -- "-$group" 2>/dev/null'
)


class Guard:
    """Start it before the child, so that there is no moment without a watch."""

    def __init__(self) -> None:
        # A session of its own: Ctrl-C in a terminal reaches every process of the session's group.
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _WATCH],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def watch(self, group: int) -> None:
        """Kill this process group as soon as we are gone."""
        self._say(str(group))

    def release(self) -> None:
        """Stop watching: the group has ended, its number may soon be another's."""
        self._say("done")
        if self._shell.stdin:
            self._shell.stdin.close()
        self._shell.wait()

    def _say(self, word: str) -> None:
        try:
            if self._shell.stdin:
                self._shell.stdin.write(f"{word}\n")
                self._shell.stdin.flush()
        except BrokenPipeError:
            # Somebody killed the shell; there is only nobody to watch.
            pass
