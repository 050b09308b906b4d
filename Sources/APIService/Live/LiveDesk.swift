import Bytes
import HTTP
import StreamingCore

/// Writes the messages to open pages, each once for all of them, and keeps what a page gets that opens now.
struct LiveDesk {
    /// Streams whose pages are kept; beyond, those that are not on air are forgotten.
    static let pagesMax = 10_000

    private let hub: any WebSocketAudience<LiveTopic>
    private let statuses: StreamStatusBoard
    private var pages: [StreamID: LivePage] = [:]
    private var now = WallTime(unixMilliseconds: 0)
    /// The frames that a page gets first, by kind.
    private var kept: [StreamID: Kept] = [:]
    /// Whether somebody looked at all streams in the second before.
    private var isOverviewTold = false

    private struct Kept {
        var status: Bytes?
        var quality: Bytes?
        var metrics: Bytes?
        var wrong: [StreamHealth.Code: Wrong] = [:]

        var all: [Bytes] { [status, quality, metrics].compactMap { $0 } + wrong.values.map(\.notice) }
    }

    /// What is wrong with a stream, as it was written last.
    private struct Wrong {
        let deduction: StreamHealth.Deduction
        let notice: Bytes
        let alert: Bytes
    }

    init(hub: any WebSocketAudience<LiveTopic>, statuses: StreamStatusBoard) {
        self.hub = hub
        self.statuses = statuses
    }

    /// Streams of which the title is not known.
    var unknown: [StreamID] { pages.values.filter { !$0.isKnown }.map(\.stream) }

    // MARK: What happens

    mutating func happened(_ event: StreamEvent) {
        statuses.received(event)
        let stream = event.streamID
        var page = pages[stream] ?? LivePage(stream)
        if page.happened(event) {
            if !page.isOnAir {
                page.broadcastEnded()
                kept[stream]?.quality = nil
                kept[stream]?.metrics = nil
                kept[stream]?.wrong = [:]
            }
            put(page)
            tellStatus(page, at: event.at)
        } else {
            put(page)
        }
        switch event.kind {
        case .renditionsChanged, .transcodingRefused, .transcodingFailed: tellQuality(stream, at: event.at)
        case .deleted:
            hub.end(.stream(stream), WebSocketClose(.normal, "deleted"))
            hub.forget(.stream(stream))
            pages[stream] = nil
            kept[stream] = nil
        case .started, .interrupted, .resumed, .ended, .keyRevoked: break
        }
    }

    mutating func found(_ stream: Stream) {
        guard var page = pages[stream.id], page.found(stream) else { return }
        pages[stream.id] = page
        tellStatus(page, at: now)
    }

    private mutating func put(_ page: LivePage) {
        if pages[page.stream] == nil, pages.count >= Self.pagesMax,
            let idle = pages.values.first(where: { !$0.isOnAir })
        {
            pages[idle.stream] = nil
            kept[idle.stream] = nil
            hub.forget(.stream(idle.stream))
        }
        pages[page.stream] = page
    }

    // MARK: Seconds

    /// - Returns: All streams on air.
    @discardableResult
    mutating func secondPassed(_ measured: [LiveStatus.Current], at time: WallTime) -> OverviewData {
        now = time
        let isOverviewWanted = hub.count(of: .overview) > 0
        // Those who have just come are told of all that is wrong below.
        let tellsAlerts = isOverviewWanted && isOverviewTold
        for current in measured {
            let stream = current.metrics.streamID
            var page = pages[stream] ?? LivePage(stream)
            let changes = page.measured(current.metrics, current.health)
            put(page)
            keep(page.watch.active, of: stream)
            let data = MetricsData(metrics: current.metrics, health: current.health)
            let frame = self.frame(LiveMessage(type: .metrics, stream: stream, at: time, data: data))
            kept[stream, default: Kept()].metrics = frame
            hub.publish(frame, to: .stream(stream), snapshot: snapshot(of: stream))
            for change in changes { tell(change, of: stream, isAlert: tellsAlerts) }
        }
        let onAir = onAir
        let overview = OverviewData(streams: onAir.map(Self.item))
        if isOverviewWanted {
            tell(overview, alerts: onAir.flatMap { kept[$0.stream]?.wrong.values.map(\.alert) ?? [] })
        } else if isOverviewTold {
            // Who comes later gets what is true then.
            hub.forget(.overview)
        }
        isOverviewTold = isOverviewWanted
        return overview
    }

    /// Writes what is wrong, where it is not written yet or in other words.
    private mutating func keep(_ active: [StreamHealth.Code: StreamHealth.Deduction], of stream: StreamID) {
        let known = kept[stream]?.wrong ?? [:]
        guard !active.isEmpty || !known.isEmpty else { return }
        kept[stream, default: Kept()].wrong = active.mapValues { deduction in
            if let written = known[deduction.code], written.deduction == deduction { return written }
            let data = NoticeData(deduction)
            return Wrong(
                deduction: deduction,
                notice: frame(LiveMessage(type: .notice, stream: stream, at: now, data: data)),
                alert: frame(LiveMessage(type: .alert, stream: stream, at: now, data: data)))
        }
    }

    private var onAir: [LivePage] {
        pages.values.filter { $0.isOnAir || $0.newest.map { $0.metrics.at == now } ?? false }
            .sorted { $0.stream.description > $1.stream.description }
    }

    private static func item(_ page: LivePage) -> OverviewData.Item {
        OverviewData.Item(
            id: page.stream, status: page.status,
            metrics: page.newest.map { MetricsData(metrics: $0.metrics, health: $0.health) })
    }

    private func tell(_ overview: OverviewData, alerts: [Bytes]) {
        let frame = self.frame(LiveMessage(type: .overview, stream: nil, at: now, data: overview))
        hub.publish(frame, to: .overview, snapshot: [frame] + alerts)
        guard !isOverviewTold else { return }
        for alert in alerts { hub.publish(alert, to: .overview, snapshot: nil) }
    }

    // MARK: Messages

    private mutating func tellStatus(_ page: LivePage, at time: WallTime) {
        let frame = self.frame(LiveMessage(type: .status, stream: page.stream, at: time, data: page.status))
        kept[page.stream, default: Kept()].status = frame
        hub.publish(frame, to: .stream(page.stream), snapshot: snapshot(of: page.stream))
    }

    private mutating func tellQuality(_ stream: StreamID, at time: WallTime) {
        guard let status = statuses.status(of: stream) else { return }
        let members = BroadcastStatusMembers(status: status, isForAdministrator: false)
        let frame = self.frame(LiveMessage(type: .quality, stream: stream, at: time, data: members))
        kept[stream, default: Kept()].quality = frame
        hub.publish(frame, to: .stream(stream), snapshot: snapshot(of: stream))
    }

    /// - Parameter isAlert: Whether those who look at all streams are told too.
    private func tell(_ change: AlertWatch.Change, of stream: StreamID, isAlert: Bool) {
        let (notice, alert) = frames(of: change, of: stream)
        hub.publish(notice, to: .stream(stream), snapshot: snapshot(of: stream))
        if isAlert { hub.publish(alert, to: .overview, snapshot: nil) }
    }

    private func frames(of change: AlertWatch.Change, of stream: StreamID) -> (notice: Bytes, alert: Bytes) {
        if case .began(let deduction) = change, let wrong = kept[stream]?.wrong[deduction.code] {
            return (wrong.notice, wrong.alert)
        }
        let data = NoticeData(change)
        return (
            frame(LiveMessage(type: .notice, stream: stream, at: now, data: data)),
            frame(LiveMessage(type: .alert, stream: stream, at: now, data: data))
        )
    }

    /// What a page gets that opens now. Without a status it would not know what it looks at.
    private func snapshot(of stream: StreamID) -> [Bytes]? {
        guard let kept = kept[stream], kept.status != nil else { return nil }
        return kept.all
    }

    private func frame(_ message: LiveMessage<some Encodable>) -> Bytes {
        WebSocketFrame.message(.text(message.encoded))
    }
}
