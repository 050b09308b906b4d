import Bytes
import DeliveryService
import HTTP

/// How many requests for a segment of a kilobyte and for a playlist are understood, routed and answered, up to the
/// bytes of the response's head, without a socket.
func measureAnswers() async throws {
    let stage = try await DeliveryStage()
    try await withThrowingTaskGroup { group in
        group.addTask { try await stage.service.run() }
        try await stage.announce()
        let segment = stage.samples[0].path
        for (name, path, fields) in [
            ("segment, a load generator's request", segment, ""),
            ("segment, a browser's request", segment, browserFields),
            ("segment, a browser with our cookie", segment, browserFields + "Cookie: \(cookie)\r\n"),
            ("segment, a player with CMCD", "\(segment)?CMCD=\(measurements)", browserFields),
            ("playlist, a load generator's request", stage.playlistPath, ""),
            ("playlist, a browser's request", stage.playlistPath, browserFields),
        ] {
            let text = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\(fields)\r\n"
            let length = try await answer(Bytes(utf8: text), by: stage.router, rounds: 1)
            try await Measurement.measure("HTTP \(name)", detail: "\(text.utf8.count) bytes") {
                let sent = try await answer(Bytes(utf8: text), by: stage.router, rounds: 100)
                try BenchmarkFailure.check("body bytes", sent, is: 100 * length)
                return .times(100)
            }
        }
        group.cancelAll()
    }
}

/// - Returns: How many bytes the bodies of the answers had.
private func answer(_ bytes: Bytes, by router: Router, rounds: Int) async throws -> Int {
    var parser = HTTP1RequestParser(peerAddress: "127.0.0.1")
    var sent = 0
    for _ in 0..<rounds {
        parser.receive(bytes)
        guard case .request(let request) = try parser.next() else { break }
        let response = await router.respond(to: request.request)
        let plan = HTTP1ResponsePlan(response, to: request, date: "Tue, 15 Nov 1994 08:12:31 GMT")
        guard case .buffers(let buffers) = plan.body else { continue }
        sent += buffers.byteCount
    }
    return sent
}

/// What a viewer's browser was told to send.
private let cookie = "sluice_viewer=0123456789abcdef0123456789abcdef"
/// What hls.js says with a segment request when CMCD is switched on.
private let measurements =
    "bl%3D2100%2Cbr%3D5000%2Ccid%3D%22live%22%2Cd%3D2000%2Cdl%3D2100%2Cmtp%3D24000%2Cot%3Dv%2Csf%3Dh%2C"
    + "sid%3D%22c7a2b4f0-1c1a-4f9e-8d2c-0b0e2a4d6f10%22%2Cst%3Dl%2Ctb%3D5000"

/// What Chromium sends with a segment request of hls.js from another origin.
private let browserFields = [
    "Connection: keep-alive", "sec-ch-ua-platform: \"Linux\"",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "sec-ch-ua: \"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\"", "sec-ch-ua-mobile: ?0", "Accept: */*",
    "Origin: https://player.example.org", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty",
    "Referer: https://player.example.org/", "Accept-Encoding: gzip, deflate, br, zstd",
    "Accept-Language: en-GB,en;q=0.9",
].map { $0 + "\r\n" }.joined()
