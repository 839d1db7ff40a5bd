"""A node of py2p that listens and relays: `py2p_server.py PORT`, in a Python with py2p 0.7.878."""

import sys
import time

from py2p.base import Protocol
from py2p.mesh import MeshSocket

node = MeshSocket("127.0.0.1", int(sys.argv[1]), Protocol("mesh", "Plaintext"))
while True:
    time.sleep(0.05)
    # What the node itself is sent: nobody here reads it.
    node.queue.clear()
