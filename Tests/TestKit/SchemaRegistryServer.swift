import Foundation

/// A schema registry in a process of its own, as far as Confluent's interface is documented ("Schema Registry API
/// Reference": subjects, schemas, errors).
///
/// It is not Confluent's, nor Karapace or Apicurio: none of them is in Debian or on PyPI. It is written here from the
/// documentation, over Python's HTTP server.
public final class SchemaRegistryServer: Sendable {
    public let port: Int
    private let child: ChildProcess
    private let directory: TemporaryDirectory

    /// - Parameter credentials: `user:password` that it asks for; `nil` for none.
    public init(credentials: String? = nil) async throws {
        directory = try TemporaryDirectory()
        let script = directory.url.appending(path: "registry.py")
        try Data(Self.program.utf8).write(to: script)
        child = try ChildProcess(
            ["python3", "-u", script.path, credentials ?? ""], in: directory.url, name: "schema-registry")
        let child = child
        try await eventually("the registry listens: \(child.errors)") { child.output.hasSuffix("\n") }
        guard let port = Int(child.output.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw NeverHappened(description: "the registry said \(child.output)\(child.errors)")
        }
        self.port = port
    }

    public func url(_ credentials: String? = nil) -> String {
        "http://\(credentials.map { $0 + "@" } ?? "")127.0.0.1:\(port)"
    }

    /// Ends it as a power cut would.
    public func kill() async throws {
        child.signal(SIGKILL)
        _ = try await child.wait(seconds: 10)
    }

    private static let program = """
        import base64, json, re, sys
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        TYPES = ("application/vnd.schemaregistry.v1+json", "application/vnd.schemaregistry+json", "application/json")
        expected = "Basic " + base64.b64encode(sys.argv[1].encode()).decode() if sys.argv[1] else None
        schemas, subjects = [], {}

        class Registry(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_): pass

            def answer(self, status, document):
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", TYPES[0])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def refuse(self, status, code, message):
                self.answer(status, {"error_code": code, "message": message})

            def is_known(self):
                if expected is None or self.headers.get("Authorization") == expected: return True
                self.refuse(401, 401, "Unauthorized")
                return False

            def do_GET(self):
                if not self.is_known(): return
                found = re.fullmatch(r"/schemas/ids/([0-9]+)", self.path)
                if not found: return self.refuse(404, 404, "HTTP 404 Not Found")
                number = int(found.group(1))
                if not 1 <= number <= len(schemas): return self.refuse(404, 40403, "Schema not found")
                self.answer(200, {"schema": schemas[number - 1]})

            def do_POST(self):
                text = self.rfile.read(int(self.headers["Content-Length"]))
                if not self.is_known(): return
                found = re.fullmatch(r"/subjects/([^/]+)/versions", self.path)
                if not found: return self.refuse(404, 404, "HTTP 404 Not Found")
                if self.headers.get("Content-Type") not in TYPES:
                    return self.refuse(415, 415, "HTTP 415 Unsupported Media Type")
                try: schema = json.dumps(json.loads(json.loads(text)["schema"]))
                except (ValueError, KeyError): return self.refuse(422, 42201, "Invalid schema")
                if schema not in schemas: schemas.append(schema)
                number = schemas.index(schema) + 1
                versions = subjects.setdefault(found.group(1), [])
                if number not in versions: versions.append(number)
                self.answer(200, {"id": number})

        server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
        print(server.server_address[1])
        server.serve_forever()
        """
}
