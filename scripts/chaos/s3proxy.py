"""A proxy before an S3 store that can break it: errors, slowness, answers that end too early."""

import http.client
import http.server
import threading
import time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_request(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        mode = self.server.mode
        if mode == "errors":
            return self.answer(500, [("Content-Type", "application/xml")],
                               b"<Error><Code>InternalError</Code><Message>broken on purpose</Message></Error>")
        try:
            upstream = http.client.HTTPConnection("127.0.0.1", self.server.upstream_port, timeout=30)
            # As it came: the signature covers the host and the fields.
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in ("connection", "expect"):
                    upstream.putheader(name, value)
            upstream.endheaders(body)
            answer = upstream.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            self.close_connection = True
            return None
        finally:
            upstream.close()
        if mode == "slow":
            time.sleep(self.server.SLOW_SECONDS)
        self.answer(answer.status, answer.getheaders(), content, is_truncated=mode == "truncated")

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = handle_request

    def answer(self, status, fields, content, is_truncated=False):
        if is_truncated and not content:
            # Of an answer without content the head is cut.
            self.wfile.write(b"HTTP/1.1 200")
            self.close_connection = True
            return
        self.send_response_only(status)
        for name, value in fields:
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        if self.command == "HEAD":
            # The length of what is not sent.
            self.send_header("Content-Length", dict(fields).get("Content-Length", "0"))
            content = b""
        elif status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:len(content) // 2] if is_truncated else content)
        self.close_connection = self.close_connection or is_truncated

    def log_message(self, *_):
        """The services say themselves what they meet."""


class S3Proxy(http.server.ThreadingHTTPServer):
    SLOW_SECONDS = 8
    daemon_threads = True

    def __init__(self, port, upstream_port):
        super().__init__(("127.0.0.1", port), Handler)
        self.upstream_port = upstream_port
        #: `whole`, `errors`, `slow` or `truncated`.
        self.mode = "whole"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """Clients that give up are what this is for."""
