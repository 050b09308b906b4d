"""A balancer for players that know one address: an HTTP server that asks the replicas in turn."""

import http.server
import threading

from rotation import Rotation, Unreachable


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.rotation = Rotation(self.server.replicas)
        # What is left out is so for all players.
        self.rotation.left_out_until = self.server.left_out_until

    def do_GET(self):
        self.rotation.turn = self.server.next_turn()
        try:
            answer = self.rotation.get(self.path)
        except Unreachable:
            self.send_error(502)
            return
        self.send_response_only(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def finish(self):
        super().finish()
        for replica in self.server.replicas:
            self.rotation.forget(replica)

    def log_message(self, *_):
        """Nobody reads it."""


class Balancer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port, replicas):
        super().__init__(("127.0.0.1", port), Handler)
        self.replicas = replicas
        self.left_out_until = dict.fromkeys(replicas, 0.0)
        self.turn = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def next_turn(self):
        self.turn = (self.turn + 1) % len(self.replicas)
        return self.turn

    def handle_error(self, request, client_address):
        """Players may leave at any time."""
