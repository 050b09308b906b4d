import Bytes
import HTTP
@testable import Network
import Testing

extension NetworkTests {
    @Suite(.timeLimit(.minutes(1))) struct HTTPServerTests {
        static let get = "GET /hello HTTP/1.1\r\nHost: test\r\n\r\n"
        static let lastGet = "GET /hello HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"

        @Test func `a request is answered and the connection lives on`() async throws {
            try await Loopback.serving(Answers()) { server in
                try await Loopback.connected(to: server.address) { connection in
                    for _ in 0..<3 {
                        try await connection.write(Bytes(utf8: Self.get))
                        let answer = try await connection.read(until: "hello /hello")
                        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
                        #expect(answer.contains("\r\ncontent-length: 12\r\n"))
                        #expect(answer.contains(" GMT\r\n"))
                    }
                }
            }
        }

        @Test func `a request may come byte by byte`() async throws {
            try await Loopback.serving(Answers()) { server in
                try await Loopback.connected(to: server.address) { connection in
                    for byte in Bytes(utf8: Self.lastGet) { try await connection.write(Bytes([byte])) }
                    let answer = try await connection.readToEnd().string
                    #expect(answer.hasSuffix("hello /hello"))
                    #expect(answer.contains("\r\nconnection: close\r\n"))
                }
            }
        }

        @Test func `ten thousand pipelined requests are answered in order`() async throws {
            let count = 10_000
            try await Loopback.serving(Answers()) { server in
                try await Loopback.connected(to: server.address) { connection in
                    let asking = Task {
                        var requests = ByteWriter()
                        for number in 0..<count {
                            requests.write(utf8: "GET /\(number) HTTP/1.1\r\nHost: test\r\n\r\n")
                        }
                        try await connection.write(requests.finish())
                        try await connection.shutdownWrite()
                    }
                    let answers = try await connection.readToEnd().string
                    try await asking.value
                    let numbers = answers.split(separator: "hello /").dropFirst().compactMap {
                        Int($0.prefix { $0.isNumber })
                    }
                    // A body is followed by the next head, "…/12HTTP/1.1": the digits end there.
                    #expect(numbers == Array(0..<count))
                }
            }
        }

        @Test func `an answer does not wait for the handler of the next request`() async throws {
            let gate = Gate()
            try await Loopback.serving(Answers(gate: gate)) { server in
                try await Loopback.connected(to: server.address) { connection in
                    try await connection.write(
                        Bytes(utf8: Self.get + "GET /held HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"))
                    _ = try await connection.read(until: "hello /hello")
                    gate.open()
                    #expect(try await connection.readToEnd().string.hasSuffix("hello /held"))
                }
            }
        }

        @Test func `HEAD gets the head alone`() async throws {
            try await Loopback.serving(Answers()) { server in
                let answer = try await Loopback.exchange(
                    "HEAD /hello HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n", with: server.address)
                #expect(answer.contains("content-length: 12\r\n"))
                #expect(answer.hasSuffix("\r\n\r\n"))
            }
        }

        @Test func `a body is announced with 100 Continue only when it is waited for`() async throws {
            try await Loopback.serving(Answers()) { server in
                let head =
                    "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n"
                    + "Connection: close\r\n\r\n"
                try await Loopback.connected(to: server.address) { connection in
                    try await connection.write(Bytes(utf8: head))
                    #expect(try await connection.read(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
                    try await connection.write(Bytes(utf8: "body"))
                    let answer = try await connection.readToEnd().string
                    #expect(answer.hasPrefix("HTTP/1.1 200 OK"))
                    #expect(answer.hasSuffix("\r\n\r\nbody"))
                }
                #expect(try await Loopback.exchange(head + "body", with: server.address).hasPrefix("HTTP/1.1 200"))
                let tooLarge =
                    "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 99999999\r\n"
                    + "Expect: 100-continue\r\n\r\n"
                #expect(try await Loopback.exchange(tooLarge, with: server.address).hasPrefix("HTTP/1.1 413"))
            }
        }

        @Test func `a streamed body goes out in chunks, one for each write`() async throws {
            try await Loopback.serving(Answers()) { server in
                let answer = try await Loopback.exchange(
                    "GET /stream HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n", with: server.address)
                #expect(answer.contains("transfer-encoding: chunked\r\n"))
                #expect(answer.hasSuffix("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"))
                let old = try await Loopback.exchange("GET /stream HTTP/1.0\r\n\r\n", with: server.address)
                #expect(old.hasSuffix("\r\n\r\nonetwo"))
            }
        }

        @Test func `a body that breaks its promise breaks the connection`() async throws {
            let failures = Recorder<String>()
            let report: NetworkEventHook = { event in
                if case .connectionFailed(_, let error) = event { failures.record("\(error)") }
            }
            try await Loopback.serving(Answers(), report: report) { server in
                let answer = try await Loopback.exchange(
                    "GET /short HTTP/1.1\r\nHost: test\r\n\r\n", with: server.address)
                #expect(answer.hasSuffix("\r\n\r\nonly this"))
                try await Loopback.eventually { failures.values.count == 1 }
                #expect(failures.values == ["\(NetworkError.bodyLengthBroken(promised: 100, written: 9))"])
            }
        }

        /// What two servers in a row might take for different numbers of requests.
        @Test(arguments: [
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded\r\n\r\n",
            "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
            "GET / HTTP/1.1\nHost: a\n\n",
            "GET / HTTP/1.1\r\n\r\n",
        ]) func `what could smuggle a request closes the connection`(request: String) async throws {
            try await Loopback.serving(Answers()) { server in
                let answer = try await Loopback.exchange(request + Self.get, with: server.address)
                #expect(answer.hasPrefix("HTTP/1.1 4") || answer.hasPrefix("HTTP/1.1 501"))
                #expect(answer.contains("content-type: application/problem+json"))
                #expect(answer.contains("connection: close"))
                #expect(!answer.contains("hello"))
            }
        }

        @Test func `a large shared body arrives whole`() async throws {
            try await Loopback.serving(Answers()) { server in
                try await Loopback.connected(to: server.address) { connection in
                    try await connection.write(
                        Bytes(utf8: "GET /large HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"))
                    let answer = try await connection.readToEnd()
                    let length = Answers.large.reduce(0) { $0 + $1.count }
                    var received = Digest()
                    received.add(answer.dropFirst(answer.count - length))
                    var sent = Digest()
                    for buffer in Answers.large { sent.add(buffer) }
                    #expect(received == sent)
                }
            }
        }
    }
}
