import Foundation
import Network

/// One player of LL-HLS.
struct LoadViewer {
    private let number: Int
    private let plan: LoadPlan
    private let ledger: LoadLedger
    private let stream: String

    /// The end of a playlist in which the hint at the next part stands, behind the reports on a few renditions.
    private static let tailBytes = 1024

    init(_ number: Int, _ plan: LoadPlan, _ ledger: LoadLedger) {
        self.number = number
        self.plan = plan
        self.ledger = ledger
        stream = plan.streams[number % plan.streams.count]
    }

    func watch(on loop: EventLoop, until end: ContinuousClock.Instant) async {
        do {
            try await TCPConnection.withConnection(to: plan.server, on: loop) { connection in
                try await watch(LoadExchange(connection, host: "\(plan.server)"), until: end)
            }
        } catch is CancellationError {
            // The load is over.
        } catch {
            if ContinuousClock.now < end { ledger.failed("\(error)") }
        }
    }

    private func watch(_ exchange: LoadExchange, until end: ContinuousClock.Instant) async throws {
        let began = ContinuousClock.now
        let session = "CMCD=sid%3D%22load-\(number)%22%2Csf%3Dh"
        let rendition = try await chooseRendition(exchange, session)
        let folder = "/hls/\(stream)/\(rendition)/"
        let first = try await exchange.get(folder + "playlist.m3u8?\(session)", keeping: Self.tailBytes)
        guard first.status == 200, var next = PartName(hintIn: first.tail) else {
            throw LoadFailure("playlist: \(first.status)")
        }
        var playback = LoadPlayback()
        ledger.began(after: began.duration(to: .now))
        var fetched: PartName?
        while ContinuousClock.now < end {
            let answer = try await exchange.get(
                folder + "playlist.m3u8?\(session)&_HLS_msn=\(next.segment)&_HLS_part=\(next.part)",
                keeping: Self.tailBytes)
            guard answer.status == 200 else { throw LoadFailure("playlist: \(answer.status)") }
            if Self.hasEnded(answer.tail) { return }
            guard let hint = PartName(hintIn: answer.tail), let newest = PartName(newestIn: answer.tail) else {
                throw LoadFailure("a playlist without parts")
            }
            next = hint
            // An answer that has nothing new came because the server lets nobody wait for too long.
            guard newest != fetched else { continue }
            fetched = newest
            ledger.reloaded("\(stream) \(newest)", bytes: answer.bodyBytes)
            if plan.fetchesMedia {
                let asked = ContinuousClock.now
                let part = try await exchange.get(folder + "\(newest.file)?\(session)", keeping: 0)
                guard part.status == 200 else { throw LoadFailure("part: \(part.status)") }
                ledger.fetched(bytes: part.bodyBytes, in: asked.duration(to: .now))
            }
            if let stall = playback.partCame(at: .now) { ledger.stalled(for: stall) }
        }
    }

    private func chooseRendition(_ exchange: LoadExchange, _ session: String) async throws -> String {
        let answer = try await exchange.get("/hls/\(stream)/master.m3u8?\(session)", keeping: 8192)
        guard answer.status == 200 else { throw LoadFailure("master playlist: \(answer.status)") }
        if let rendition = plan.rendition { return rendition }
        let lines = String(decoding: answer.tail, as: UTF8.self).split(separator: "\n")
        guard let line = lines.first(where: { $0.contains("/playlist.m3u8") && !$0.hasPrefix("#") }) else {
            throw LoadFailure("a master playlist without a rendition")
        }
        return String(line.split(separator: "/")[0])
    }

    private static let endTag = Array("#EXT-X-ENDLIST".utf8)

    private static func hasEnded(_ tail: [UInt8]) -> Bool { LoadExchange.findLast(endTag, in: tail) != nil }
}

/// `segment-17.3.m4s`: a part and the segment that it is of.
struct PartName: Equatable, CustomStringConvertible {
    let segment: Int
    let part: Int

    var file: String { "segment-\(segment).\(part).m4s" }
    var description: String { "\(segment).\(part)" }

    /// What `EXT-X-PRELOAD-HINT` names in the end of a playlist: what comes next, or, where the segment turns out to be
    /// over, the first part of the one behind it.
    init?(hintIn tail: [UInt8]) { self.init(behind: Self.hintTag, in: tail) }

    /// The newest part in the end of a playlist.
    init?(newestIn tail: [UInt8]) { self.init(behind: Self.partTag, in: tail) }

    private static let hintTag = Array("#EXT-X-PRELOAD-HINT:".utf8)
    private static let partTag = Array("#EXT-X-PART:".utf8)
    private static let nameStart = Array("segment-".utf8)

    private init?(behind tag: [UInt8], in tail: [UInt8]) {
        guard let line = LoadExchange.findLast(tag, in: tail) else { return nil }
        let rest = Array(tail[line...].prefix(128))
        guard let name = LoadExchange.find(Self.nameStart, in: rest) else { return nil }
        let digits = rest[(name + Self.nameStart.count)...]
        let first = digits.prefix { 48...57 ~= $0 }
        let second = digits.dropFirst(first.count + 1).prefix { 48...57 ~= $0 }
        guard !first.isEmpty, !second.isEmpty else { return nil }
        segment = first.reduce(0) { $0 * 10 + Int($1 - 48) }
        part = second.reduce(0) { $0 * 10 + Int($1 - 48) }
    }
}

/// The buffer of a player that began three parts behind: media comes by parts of the usual length and goes by the
/// clock.
struct LoadPlayback {
    /// What a player of low latency keeps ahead.
    private static let hold = Duration.seconds(1)
    private static let part = Duration.milliseconds(333)

    private var began: ContinuousClock.Instant?
    private var arrived = Duration.zero
    private var waited = Duration.zero

    /// - Returns: How long playback had to wait for this part.
    mutating func partCame(at now: ContinuousClock.Instant) -> Duration? {
        guard let began else {
            self.began = now
            return nil
        }
        arrived += Self.part
        let played = began.duration(to: now) - waited - Self.hold
        let late = played - arrived
        guard late > .zero else { return nil }
        waited += late
        return late
    }
}

/// One page with its WebSocket open.
struct LoadPage {
    private let number: Int
    private let plan: LoadPlan
    private let ledger: LoadLedger

    init(_ number: Int, _ plan: LoadPlan, _ ledger: LoadLedger) {
        self.number = number
        self.plan = plan
        self.ledger = ledger
    }

    func listen(on loop: EventLoop, until end: ContinuousClock.Instant) async {
        do {
            try await TCPConnection.withConnection(to: plan.server, on: loop) { connection in
                let exchange = LoadExchange(connection, host: "\(plan.server)")
                let answer = try await exchange.get(
                    "/ws/stream/\(plan.streams[number % plan.streams.count])", keeping: 0,
                    fields: "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
                guard answer.status == 101 else { throw LoadFailure("WebSocket: \(answer.status)") }
                ledger.pageOpened()
                var frames = FrameCount()
                while ContinuousClock.now < end {
                    for _ in 0..<frames.came(try await exchange.bytes()) { ledger.messageCame() }
                }
            }
        } catch is CancellationError {
            // The load is over.
        } catch {
            if ContinuousClock.now < end { ledger.failed("WebSocket: \(error)") }
        }
    }
}

/// Counts the text frames of a server in what arrives (RFC 6455, 5.2).
private struct FrameCount {
    private var pending: [UInt8] = []

    mutating func came(_ bytes: [UInt8]) -> Int {
        pending += bytes
        var count = 0
        while pending.count >= 2 {
            var (head, length) = (2, Int(pending[1] & 0x7F))
            if length >= 126 {
                head = length == 126 ? 4 : 10
                guard pending.count >= head else { break }
                length = pending[2..<head].reduce(0) { $0 << 8 | Int($1) }
            }
            guard pending.count >= head + length else { break }
            if pending[0] & 0x0F == 1 { count += 1 }
            pending.removeFirst(head + length)
        }
        return count
    }
}
