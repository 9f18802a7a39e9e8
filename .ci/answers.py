"""answers.py URL TEXT PID: wait until the page answers while the process lives; fail unless it shows TEXT."""

import os
import sys
import time
import urllib.request

url, text, pid = sys.argv[1], sys.argv[2], int(sys.argv[3])
page = ""
while not page:
    os.kill(pid, 0)  # raises when the process has ended
    try:
        page = urllib.request.urlopen(url, timeout=60).read().decode()  # noqa: S310 (our own server)
    except OSError:
        time.sleep(0.5)
sys.exit(0 if text in page else f"{url} does not show {text!r}")
