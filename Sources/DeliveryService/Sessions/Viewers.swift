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

    /// A name for somebody who begins to watch and shows none, to be given with the answer.
    ///
    /// Not behind a shared cache, which would give it to others too.
    func name(for caller: ViewerCaller, _ request: HTTPRequest, about subject: ViewerSubject) -> GivenName? {
        guard subject.isBeginning, request.method == .get, audience.offersCookies, caller.source == .address,
            !caller.marks.cameThroughCache,
            // Who asks whether something has changed has begun before.
            !request.fields.contains("if-none-match")
        else { return nil }
        let isKnown = table.find(caller.fingerprint) != nil
        // Players refresh the manifest each second, and those that do not keep cookies show no name with any request.
        if isKnown, subject.kind == .manifest { return nil }
        return GivenName(salt: subject.salt, isInAddresses: isKnown)
    }

    /// Whether somebody who begins to watch is to come later: as many watch as may, and this is none of them.
    ///
    /// - Parameter given: The name that the answer is to give.
    func mustWait(_ caller: ViewerCaller, for subject: ViewerSubject, given: GivenName? = nil) -> Bool {
        guard subject.isBeginning, table.openCount >= audience.sessionsMax else { return false }
        guard given == nil, let known = table.find(caller.fingerprint) else { return true }
        return !known.record.withLock { $0.isOpen }
    }

    /// Counts an answer, and adds to it what the viewer needs.
    ///
    /// - Parameters:
    ///   - given: The name to give with it.
    ///   - now: When the request came.
    func count(
        _ response: inout HTTPResponse, to request: HTTPRequest, by caller: ViewerCaller,
        about subject: ViewerSubject, given: GivenName? = nil, at now: WallTime
    ) {
        switch response.status {
        case .ok, .partialContent, .notModified: break
        default: return
        }
        guard request.method == .get else { return }
        let length = response.body.sharedByteCount
        guard subject.kind != .picture else { return count(length, of: subject.stream, at: now) }
        if let given {
            given.add(to: &response)
            // It is counted when it goes on under that name. Where another one came from there at the same moment,
            // this one goes on by its cookie.
            guard !given.isInAddresses, table.find(caller.fingerprint) == nil else {
                return count(length, of: subject.stream, at: now)
            }
        }
        guard let viewer = viewer(caller, request, subject, at: now) else {
            return count(length, of: subject.stream, at: now)
        }
        let hasOpened = viewer.record.withLock { record in
            let hasOpened = record.answered(subject.rendition, subject.number, bytes: length, caller.word, at: now)
            if let given { record.offered(given.fingerprint) }
            return hasOpened
        }
        if hasOpened { table.opened() }
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

    private func viewer(
        _ caller: ViewerCaller, _ request: HTTPRequest, _ subject: ViewerSubject, at now: WallTime
    ) -> Viewer? {
        if caller.source == .address, subject.kind == .media, let named = aliases.find(caller.fingerprint, now: now) {
            return named
        }
        if let known = table.find(caller.fingerprint) {
            remember(known, caller, request, subject, at: now)
            return known
        }
        let id = ViewerSessionID(stream: subject.stream, token: caller.token(request))
        var record = PlaybackRecord(id: id, subject.streamingProtocol, at: now)
        if caller.source == .cookie {
            // The master playlist that it was given with came without it.
            let address = ViewerCaller.addressFingerprint(of: request, caller.marks, salt: subject.salt)
            if let first = table.takeTentative(address, offered: caller.fingerprint) { record.takeOver(first) }
        }
        let viewer = table.insert(Viewer(record, of: subject.stream), caller.fingerprint)?.viewer
        if let viewer { remember(viewer, caller, request, subject, at: now) }
        return viewer
    }

    /// What a named playlist leads to is asked for without the name: it is of whoever fetched a playlist from that
    /// address last.
    private func remember(
        _ viewer: Viewer, _ caller: ViewerCaller, _ request: HTTPRequest, _ subject: ViewerSubject, at now: WallTime
    ) {
        guard !subject.isMedia else { return }
        switch caller.source {
        case .name:
            guard ViewerCaller.parameter(of: request) != nil else { return }
            let address = ViewerCaller.addressFingerprint(of: request, caller.marks, salt: subject.salt)
            aliases.named(viewer, at: address, now: now)
        case .address: aliases.returned(viewer, at: caller.fingerprint, now: now)
        case .cookie: break
        }
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
