"""A py2p node that does what it is told, for the tests to link with.

It reads one JSON object a line: {"do": "...", ...}, and answers each with {"answer": ...} or {"failure": "..."}. For every
message that it receives it says {"message": ...}, whenever that is. Bytes go as {"bytes": "<hex>"}.

Arguments: the subnet, and what py2p calls its encryption: Plaintext or SSL. It listens on a free port of 127.0.0.1.
"""

import contextlib
import functools
import json
import os
import socket
import ssl
import sys
import threading
import time
import warnings

warnings.simplefilter("ignore")

# py2p prints what it thinks: that goes to standard error, or the tests would read it.
SAYS = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)

from py2p import flags  # noqa: E402
from py2p.base import Protocol  # noqa: E402
from py2p.mesh import MeshSocket  # noqa: E402

if not hasattr(ssl, "wrap_socket"):
    # Python 3.12 took it away. As it was, nothing is verified.
    def wrap_socket(sock, keyfile=None, certfile=None, server_side=False, suppress_ragged_eofs=True):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server_side else ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if certfile:
            context.load_cert_chain(certfile, keyfile)
        return context.wrap_socket(sock, server_side=server_side, suppress_ragged_eofs=suppress_ragged_eofs)

    ssl.wrap_socket = wrap_socket

#: Seconds to wait for what py2p has no event for.
PATIENCE = 10
#: Seconds between two looks.
LOOK = 0.005

LOCK = threading.Lock()


def say(what):
    with LOCK:
        SAYS.write(json.dumps(what) + "\n")


def to_json(value):
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    return value


def from_json(value):
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if isinstance(value, dict):
        if set(value) == {"bytes"}:
            return bytes.fromhex(value["bytes"])
        return {key: from_json(item) for key, item in value.items()}
    return value


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def as_text(node_id):
    """An id as text. py2p knows a peer under what that one sends, which may be bytes or text; its own is bytes."""
    return node_id.decode() if isinstance(node_id, bytes) else node_id


class Complaints(list):
    """The exceptions that py2p catches, which are shown when a test fails."""

    def append(self, trace):
        super().append(trace)
        print(trace, file=sys.stderr, flush=True)


def in_turn(act):
    """What uses the links of a node in SSL mode takes turns with py2p's own thread.

    Python's TLS sockets are not for two threads at once (until 3.13): a user who sends while py2p receives now and then breaks
    the link.
    """

    @functools.wraps(act)
    def acts(node, *args, **kwargs):
        with node.turn:
            return act(node, *args, **kwargs)

    return acts


class Node:
    def __init__(self, encryption):
        self.encryption = encryption
        self.mesh = None
        self.turn = threading.RLock() if encryption == "SSL" else contextlib.nullcontext()

    def start(self, subnet, told=None):
        """Begins a node, which may tell its peers another port. One that was begun before closes."""
        if self.mesh is not None:
            self.mesh.close()
        # py2p tells its peers the port that it was given, so that one cannot be 0.
        port = free_port()
        out_addr = ("127.0.0.1", told or port)
        self.mesh = MeshSocket("127.0.0.1", port, Protocol(subnet, self.encryption), out_addr)
        self.mesh.daemon.exceptions = Complaints()
        if self.encryption == "SSL":
            self.mesh.daemon.process_data = functools.partial(self.receive, self.mesh.daemon.process_data)
        self.heard = []
        #: What goes before the texts that are sent back, if any are.
        self.echo = None
        #: How often the node has said that it is connected.
        self.connections = 0
        self.mesh.on("connect", self.is_connected)
        self.mesh.on("message", self.hear)
        return {"id": as_text(self.mesh.id), "port": port}

    @in_turn
    def receive(self, process_data, link):
        """What py2p does in its thread when a link can be read."""
        process_data(link)

    def is_connected(self, mesh):
        self.connections += mesh is self.mesh

    def hear(self, mesh):
        message = mesh.recv()
        if message is None or mesh is not self.mesh:
            return
        self.heard.append(message)
        text = message.packets[1]
        if self.echo and isinstance(text, str):
            mesh.send(self.echo + text)
        say({
            "message": {
                "number": len(self.heard) - 1,
                "sender": as_text(message.sender),
                "is_whisper": message.packets[0] == flags.whisper,
                "packets": to_json(message.packets[1:]),
            }
        })

    def connect(self, host, port):
        self.mesh.connect(host, port)

    def peers(self):
        """The ids of the peers."""
        return sorted(as_text(peer) for peer in list(self.mesh.routing_table))

    def wait_for_peers(self, count):
        """Waits until there are so many peers: py2p tells of the first alone, and before it can be sent to."""
        give_up = time.monotonic() + PATIENCE
        while len(self.peers()) != count:
            if time.monotonic() > give_up:
                raise TimeoutError("peers: {}".format(self.peers()))
            time.sleep(LOOK)
        return self.peers()

    @in_turn
    def send(self, packets):
        """Sends a message."""
        self.mesh.send(*from_json(packets))

    def send_many(self, texts, pause):
        """Sends many messages of one text each, with so many seconds between two."""
        for text in texts:
            self.send([text])
            time.sleep(pause)

    def echo_all(self, prefix):
        """From now on broadcasts each text that is heard, with something before it.

        That happens in py2p's own thread: one that is told to send by another while it receives may find its set of known
        messages changed under its hands, and then drops a link.
        """
        self.echo = prefix

    def answer(self, question, answer, by_link):
        """From now on a handler keeps each message of this text, and answers it: on the link it came by, or by a reply."""

        def handler(message, link):
            if tuple(message.packets[1:]) != (question,):
                return None
            if by_link:
                link.send(flags.whisper, flags.whisper, answer)
            else:
                message.reply(answer)
            return True

        self.mesh.register_handler(handler)

    def connected(self):
        """How often the node has said that it is connected."""
        return self.connections

    def waiting(self):
        """How many messages are in the queue, though it is emptied by each event that tells of one."""
        return len(self.mesh.queue)

    @in_turn
    def drop_links(self):
        """Drops every link."""
        for peer in list(self.mesh.routing_table.values()):
            self.mesh.disconnect(peer)

    @in_turn
    def whisper(self, to, packets):
        peers = {as_text(node_id): peer for node_id, peer in list(self.mesh.routing_table.items())}
        peers[to].send(flags.whisper, flags.whisper, *from_json(packets))

    @in_turn
    def reply(self, number, packets):
        """Replies to the message that was heard under this number."""
        self.heard[number].reply(*from_json(packets))

    @in_turn
    def send_as(self, packets, flag, type):
        """Sends a message with py2p's two keywords: which nodes get it, and what packet 0 is."""
        self.mesh.send(*from_json(packets), flag=getattr(flags, flag), type=from_json(type))

    def handle(self):
        """From now on keeps what has a flag of its own, each time in a handler: py2p has it nowhere else."""
        self.handled = []

        def handler(message, connection):
            flag = message.packets[0]
            is_own = not isinstance(flag, int) or flag >= 0x30
            if is_own:
                self.handled.append([as_text(message.sender), to_json(message.packets)])
            return is_own

        self.mesh.register_handler(handler)

    def wait_for_handled(self, count):
        """Waits until so many messages were handled."""
        give_up = time.monotonic() + PATIENCE
        while len(self.handled) < count:
            if time.monotonic() > give_up:
                raise TimeoutError("handled: {}".format(self.handled))
            time.sleep(LOOK)
        return self.handled

    def complaints(self):
        """The exceptions that py2p caught."""
        return list(self.mesh.daemon.exceptions)

    def close(self):
        self.mesh.close()


def main():
    subnet, encryption = sys.argv[1:]
    node = Node(encryption)
    say({"answer": node.start(subnet)})
    for line in sys.stdin:
        command = json.loads(line)
        try:
            say({"answer": getattr(node, command.pop("do"))(**command)})
        except Exception as error:  # The test decides what that means.
            say({"failure": repr(error)})
    # py2p's thread would keep the process.
    os._exit(0)


main()
