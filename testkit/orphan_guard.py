"""A guard that kills a child's process group when this process ends, even by SIGKILL.

A small shell holds the read end of a pipe. When this process ends without releasing the group, the
pipe closes and the shell kills the group. This needs no cooperation of the child, includes its own
children, and does not depend on Linux.
"""

import subprocess

# The first line is the group, the second one "done" when there is nothing left to kill.
_WATCH = (
    "read -r group || exit 0; read -r word; "
    '[ "$word" = done ] || kill -s KILL -- "-$group" 2>/dev/null'
)


class Guard:
    """A guard of one process group. Create it before the child, so that there is no gap."""

    def __init__(self) -> None:
        # In a session of its own, because Ctrl-C reaches every process of the terminal's group.
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _WATCH],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def watch(self, group: int) -> None:
        """Kill the process group ``group`` when this process ends."""
        self._say(str(group))

    def release(self) -> None:
        """Stop watching. Call it when the group has ended, because its id may be reused."""
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
            # The shell was killed, so nothing is watched any more.
            pass
