import Bytes
import HTTP
import StreamingCore
import Synchronization

/// Counts who watches what: every answer passes through here.
///
/// For a known viewer that is one look-up and a few additions. Once a second what is new is told to others.
final class Viewers: Sendable {
    /// Bodies of a stream that belong to no viewer in the table.
    private struct Tally {
        var bytes: Int64 = 0
        /// The sum that was told last; what is told never falls.
        var told: Int64 = 0
        var usedAt: WallTime
    }

    let audience: Audience
    let table: ViewerTable
    private let aliases = ViewerAliases()
    private let tallies = Mutex<[StreamID: Tally]>([:])

    init(_ audience: Audience) {
        self.audience = audience
        table = ViewerTable(countMax: audience.sessionsMax * ViewerLimits.sessionsPerOpenOne)
    }

    /// Whether somebody who begins to watch is to come later: as many watch as may, and this is none of them.
    func mustWait(_ caller: ViewerCaller, for subject: ViewerSubject) -> Bool {
        guard subject.isBeginning, table.openCount >= audience.sessionsMax else { return false }
        guard let known = table.find(caller.fingerprint) else { return true }
        return !known.record.withLock { $0.isOpen }
    }

    /// Counts an answer, and adds to it what the viewer needs.
    ///
    /// - Parameter now: When the request came.
    func count(
        _ response: inout HTTPResponse, to request: HTTPRequest, by caller: ViewerCaller,
        about subject: ViewerSubject, at now: WallTime
    ) {
        switch response.status {
        case .ok, .partialContent, .notModified: break
        default: return
        }
        guard request.method == .get else { return }
        let length = response.body.sharedByteCount
        guard subject.kind != .picture else { return count(length, of: subject.stream, at: now) }
        let offer = subject.isBeginning ? cookie(for: caller, about: subject, response) : nil
        guard let viewer = viewer(caller, request, subject, at: now) else {
            return count(length, of: subject.stream, at: now)
        }
        let hasOpened = viewer.record.withLock { record in
            let earlier = record.offers
            let hasOpened = record.answered(subject.rendition, subject.number, bytes: length, caller.word, at: now)
            if let offer, offer.isTentative {
                let offer = PlaybackRecord.Offer(fingerprint: offer.fingerprint, at: now, bytes: Int64(length))
                record.offered(offer, besides: earlier)
            }
            return hasOpened
        }
        if hasOpened { table.opened() }
        offer?.add(to: &response)
        attach(viewer, to: &response)
    }

    /// Has bytes counted that have not left, or that are yet to be made.
    private func attach(_ viewer: Viewer, to response: inout HTTPResponse) {
        switch response.body {
        case .empty, .webSocket: break
        case .shared: response.receipt = viewer
        case .stream(let length, let make):
            response.body = .stream(length: length) { writer in
                try await make(CountingBodyWriter(writer: writer, viewer: viewer))
            }
        }
    }

    /// A cookie for somebody who shows no name. Players that do not keep cookies show none with every request: the
    /// manifest, which they refresh each second, offers it once.
    private func cookie(for caller: ViewerCaller, about subject: ViewerSubject, _ response: HTTPResponse)
        -> ViewerCookie?
    {
        guard audience.offersCookies, caller.source == .address, response.status == .ok,
            !caller.marks.cameThroughCache
        else { return nil }
        guard let known = table.find(caller.fingerprint) else {
            return ViewerCookie(salt: subject.salt, isTentative: true)
        }
        guard subject.kind != .manifest else { return nil }
        return ViewerCookie(salt: subject.salt, isTentative: known.record.withLock { $0.isTentative })
    }

    private func viewer(
        _ caller: ViewerCaller, _ request: HTTPRequest, _ subject: ViewerSubject, at now: WallTime
    ) -> Viewer? {
        if let known = table.find(caller.fingerprint) {
            remember(known, caller, request, subject, at: now)
            return known
        }
        if caller.source == .address, subject.kind == .media, let named = aliases.find(caller.fingerprint, now: now) {
            return named
        }
        let id = ViewerSessionID(stream: subject.stream, token: caller.token(request))
        var record = PlaybackRecord(id: id, subject.streamingProtocol, at: now)
        if caller.source == .cookie {
            // The master playlist that it was given with came without it.
            let address = ViewerCaller.addressFingerprint(of: request, caller.marks, salt: subject.salt)
            if let first = table.take(caller.fingerprint, offeredTo: address) { record.takeOver(first) }
        }
        let viewer = table.insert(Viewer(record, of: subject.stream), caller.fingerprint)?.viewer
        if let viewer { remember(viewer, caller, request, subject, at: now) }
        return viewer
    }

    /// What a named playlist leads to is asked for without the name.
    private func remember(
        _ viewer: Viewer, _ caller: ViewerCaller, _ request: HTTPRequest, _ subject: ViewerSubject, at now: WallTime
    ) {
        guard caller.source == .name, !subject.isMedia, ViewerCaller.parameter(of: request) != nil else { return }
        let address = ViewerCaller.addressFingerprint(of: request, caller.marks, salt: subject.salt)
        aliases.named(viewer, at: address, now: now)
    }

    /// Counts bytes that belong to no viewer.
    private func count(_ bytes: Int, of stream: StreamID, at now: WallTime) {
        guard bytes > 0 else { return }
        tallies.withLock { tallies in
            if tallies[stream] == nil, tallies.count >= ViewerLimits.talliesMax { return }
            tallies[stream, default: Tally(usedAt: now)].bytes += Int64(bytes)
            tallies[stream]?.usedAt = now
        }
    }

    /// A page told how its player does.
    func received(
        _ beacon: ViewerBeacon, _ request: HTTPRequest, of stream: StreamID, _ streamingProtocol: StreamingProtocol,
        at now: WallTime
    ) {
        let salt = UInt64(bitPattern: Int64(stream.hashValue))
        let caller = ViewerCaller(request, salt: salt)
        let fingerprint = beacon.session.map { ViewerCaller.fingerprint(of: $0, salt: salt) } ?? caller.fingerprint
        var found = table.find(fingerprint).map { (viewer: $0, isNew: false) }
        if found == nil {
            // Its other requests went to other processes.
            let token = beacon.session ?? caller.token(request)
            let record = PlaybackRecord(
                id: ViewerSessionID(stream: stream, token: token), streamingProtocol, at: now)
            found = table.insert(Viewer(record, of: stream), fingerprint)
        }
        guard let found else { return }
        let (hasOpened, hasEnded) = found.viewer.record.withLock { $0.received(beacon, at: now) }
        if hasOpened { table.opened() }
        if hasEnded { table.ended() }
    }

    /// What is to be told of the second that ends.
    ///
    /// - Parameter silence: How long viewers of a stream may fetch nothing, in milliseconds.
    func reports(at now: WallTime, silence: (StreamID) -> Int64) -> [(stream: StreamID, report: AudienceReport)] {
        aliases.timePassed(now)
        var limits: [StreamID: Int64] = [:]
        var shares: [StreamID: [SessionShare]] = [:]
        var sums: [StreamID: Int64] = [:]
        var retired: [StreamID: Int64] = [:]
        table.timePassed(
            now,
            silence: { stream in
                if let known = limits[stream] { return known }
                let limit = silence(stream)
                limits[stream] = limit
                return limit
            },
            seen: { viewer, record in
                sums[viewer.stream, default: 0] += record.bytesSent
                if let share = record.share() { shares[viewer.stream, default: []].append(share) }
            },
            forgotten: { viewer, record in retired[viewer.stream, default: 0] += record.bytesSent })
        return tell(shares, sums: sums, retired: retired, at: now) { limits[$0] ?? silence($0) }
    }

    private func tell(
        _ shares: [StreamID: [SessionShare]], sums: [StreamID: Int64], retired: [StreamID: Int64], at now: WallTime,
        silence: (StreamID) -> Int64
    ) -> [(stream: StreamID, report: AudienceReport)] {
        let totals = tallies.withLock { tallies -> [StreamID: (sum: Int64, isNew: Bool)] in
            var totals: [StreamID: (sum: Int64, isNew: Bool)] = [:]
            for stream in Set(sums.keys).union(tallies.keys) {
                var tally = tallies[stream] ?? Tally(usedAt: now)
                // What was forgotten just now is in the sum of this second and in the tally from the next one on.
                let sum = max(tally.told, (sums[stream] ?? 0) + tally.bytes)
                totals[stream] = (sum, sum > tally.told)
                tally.bytes += retired[stream] ?? 0
                tally.told = sum
                if sums[stream] != nil { tally.usedAt = now }
                let isOver = tally.usedAt.adding(milliseconds: ViewerLimits.memoryMilliseconds) <= now
                tallies[stream] = isOver ? nil : tally
            }
            return totals
        }
        var reports: [(stream: StreamID, report: AudienceReport)] = []
        for (stream, total) in totals {
            let all = shares[stream] ?? []
            guard total.isNew || !all.isEmpty else { continue }
            let silence = silence(stream)
            for start in stride(from: 0, to: max(1, all.count), by: AudienceReport.sessionsMax) {
                let some = all[start..<min(all.count, start + AudienceReport.sessionsMax)]
                let report = AudienceReport(
                    instance: audience.instance, at: now, bytesSent: total.sum, silenceMilliseconds: silence,
                    sessions: Array(some))
                reports.append((stream, report))
            }
        }
        return reports
    }
}

/// A name that we give a viewer.
struct ViewerCookie {
    let name = ViewerCaller.freshName()
    let fingerprint: UInt64
    /// Whether it is seen first with the next request whether it was kept.
    let isTentative: Bool

    /// How long browsers keep it, in seconds.
    private static let seconds = 86_400

    init(salt: UInt64, isTentative: Bool) {
        fingerprint = ViewerCaller.fingerprint(of: name, salt: salt)
        self.isTentative = isTentative
    }

    /// This one answer is for one viewer; its body is everybody's.
    func add(to response: inout HTTPResponse) {
        response.fields.append(
            "set-cookie",
            "\(ViewerCaller.cookieName)=\(name); Path=/; Max-Age=\(Self.seconds); HttpOnly; SameSite=Lax")
        response.fields.set("cache-control", "private, no-store")
    }
}

/// Counts a body that is made while it is sent, by what the kernel has taken.
private struct CountingBodyWriter: HTTPBodyWriter {
    let writer: any HTTPBodyWriter
    let viewer: Viewer

    func write(_ bytes: Bytes) async throws {
        try await writer.write(bytes)
        viewer.record.withLock { $0.sent(bytes.count) }
    }
}

extension HTTPBody {
    /// How long a body of shared buffers is, in bytes; 0 for others.
    var sharedByteCount: Int {
        guard case .shared(let buffers) = self else { return 0 }
        return buffers.byteCount
    }
}
