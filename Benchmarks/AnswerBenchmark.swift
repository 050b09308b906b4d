import Bytes
import DeliveryService
import HTTP

/// How many requests for a segment of a kilobyte are understood, routed and answered, up to the bytes of the response's
/// head, without a socket.
func measureAnswers() async throws {
    let stage = try await DeliveryStage()
    try await withThrowingTaskGroup { group in
        group.addTask { try await stage.service.run() }
        try await stage.announce()
        for (name, fields) in [("load generator's", ""), ("browser's", browserFields)] {
            let text = "GET \(stage.samples[0].path) HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\(fields)\r\n"
            try await Measurement.measure("HTTP answer, a \(name) request", detail: "\(text.utf8.count) bytes") {
                try await answer(Bytes(utf8: text), by: stage.router, rounds: 100)
            }
        }
        group.cancelAll()
    }
}

private func answer(_ bytes: Bytes, by router: Router, rounds: Int) async throws -> Work {
    var parser = HTTP1RequestParser(peerAddress: "127.0.0.1")
    var sent = 0
    for _ in 0..<rounds {
        parser.receive(bytes)
        guard case .request(let request) = try parser.next() else { break }
        let response = await router.respond(to: request.request)
        let plan = HTTP1ResponsePlan(response, to: request, date: "Tue, 15 Nov 1994 08:12:31 GMT")
        if case .buffers(let buffers) = plan.body { sent += buffers.byteCount }
    }
    try BenchmarkFailure.check("body bytes", sent, is: rounds * 1_000)
    return .times(rounds)
}

/// What Chromium sends with a segment request of hls.js from another origin.
private let browserFields = [
    "Connection: keep-alive", "sec-ch-ua-platform: \"Linux\"",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "sec-ch-ua: \"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\"", "sec-ch-ua-mobile: ?0", "Accept: */*",
    "Origin: https://player.example.org", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty",
    "Referer: https://player.example.org/", "Accept-Encoding: gzip, deflate, br, zstd",
    "Accept-Language: en-GB,en;q=0.9",
].map { $0 + "\r\n" }.joined()
