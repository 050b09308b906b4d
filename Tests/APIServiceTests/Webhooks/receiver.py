"""Receives webhooks for WebhookSenderTests: writes the port, then each request as a line of JSON. The path says how it
behaves: /ok, /gone, /redirect, /fail-N answers 500 N times, /stall-N says nothing N times."""
import collections
import hashlib
import hmac
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

seen = collections.Counter()
lock = threading.Lock()


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        stamp, signature = (pair.split("=")[1] for pair in self.headers["Sluice-Signature"].split(","))
        expected = hmac.new(sys.argv[1].encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        with lock:
            seen[self.path] += 1
            count = seen[self.path]
            record = {"path": self.path, "event": json.loads(body), "id": self.headers["Sluice-Event"],
                      "genuine": hmac.compare_digest(signature, expected),
                      "fresh": abs(time.time() - int(stamp)) < 60, "type": self.headers["Content-Type"]}
            print(json.dumps(record), flush=True)
        kind, _, number = self.path.strip("/").partition("-")
        if kind == "stall" and count <= int(number):
            time.sleep(30)
        status = {"gone": 410, "redirect": 302}.get(kind, 200)
        if kind == "fail" and count <= int(number):
            status = 500
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/stolen")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def end_with_parent(parent=os.getppid()):
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()
server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
