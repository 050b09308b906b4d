"""Runs a command and prints its seconds on the clock, its seconds of processor time, and its peak of resident memory
in MB. What the command prints goes to the standard error."""

import os
import sys
import time

began = time.monotonic()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
_, status, usage = os.wait4(child, 0)
seconds = time.monotonic() - began
if status != 0:
    sys.exit(f"{sys.argv[1]} failed")
print(f"{seconds:.3f} {usage.ru_utime + usage.ru_stime:.3f} {usage.ru_maxrss / 1024:.1f}")
