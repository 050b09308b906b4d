"""HTTP to two replicas in turn, as a balancer without stickiness does it."""

import collections
import dataclasses
import http.client
import time


class Unreachable(Exception):
    """None of the replicas answered."""


@dataclasses.dataclass
class Answer:
    status: int
    body: bytes
    content_type: str
    entity_tag: str
    replica: str


class Rotation:
    """Each request goes to the next replica. One that cannot be reached, or says nothing for too long, is passed over
    at once and left out for a while, which is what nginx does by default (`proxy_next_upstream`, `fail_timeout`)."""

    #: Longer than delivery holds a request for a part.
    SILENCE_SECONDS = 3
    LEFT_OUT_SECONDS = 5

    def __init__(self, replicas):
        self.replicas = replicas
        self.turn = 0
        self.connections = {}
        self.left_out_until = dict.fromkeys(replicas, 0.0)
        #: What the balancer kept from the player, by kind.
        self.passed_over = collections.Counter()

    def get(self, path):
        """Tries each replica once, those that are left out last."""
        self.turn = (self.turn + 1) % len(self.replicas)
        order = self.replicas[self.turn:] + self.replicas[:self.turn]
        now = time.monotonic()
        order.sort(key=lambda replica: self.left_out_until[replica] > now)
        for replica in order:
            try:
                return self.ask(replica, path)
            except (OSError, http.client.HTTPException) as failure:
                self.forget(replica)
                self.passed_over["silent" if isinstance(failure, TimeoutError) else "no connection"] += 1
                self.left_out_until[replica] = time.monotonic() + self.LEFT_OUT_SECONDS
        raise Unreachable(path)

    def ask(self, replica, path):
        """On the connection that there is. One that has ended since is no failure of the replica: a new one is."""
        is_used = replica in self.connections
        try:
            return self.exchange(replica, path)
        except (ConnectionError, http.client.BadStatusLine):
            self.forget(replica)
            if not is_used:
                raise
            return self.exchange(replica, path)

    def exchange(self, replica, path):
        if replica not in self.connections:
            self.connections[replica] = http.client.HTTPConnection(replica, timeout=self.SILENCE_SECONDS)
        connection = self.connections[replica]
        connection.request("GET", path)
        answer = connection.getresponse()
        return Answer(answer.status, answer.read(), answer.getheader("Content-Type", ""),
                      answer.getheader("ETag", ""), replica)

    def forget(self, replica):
        if replica in self.connections:
            self.connections.pop(replica).close()
