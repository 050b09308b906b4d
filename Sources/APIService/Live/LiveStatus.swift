import Bytes
public import HTTP
public import StreamingCore
import Synchronization

/// Knows second by second how streams do and who watches, tells it to pages that are open, and has it written down.
///
/// It is told by the events and reports of all processes. One task does everything in order, so that messages about a
/// stream are never out of it. Any number of processes may run one.
public final class LiveStatus: Service {
    public let name = "live status"

    /// Events that wait to be looked at; beyond, the oldest are forgotten.
    static let eventsWaitingMax = 10_000
    /// Questions to the database for the titles of streams at the same time.
    static let lookupsMax = 4

    private struct State {
        var board: AudienceBoard
        var arrived: [Arrival] = []
    }

    private enum Arrival {
        case event(StreamEvent)
        case found(Stream)
    }

    let statuses = StreamStatusBoard()
    private let reports: any ReportLog
    private let events: any EventLog
    private let streams: any StreamRepository
    private let hub: any WebSocketAudience<LiveTopic>
    private let recorder: AudienceRecorder?
    private let clock: any WallClock
    private let metrics: AudienceMetrics
    private let logger: Logger
    private let state: Mutex<State>
    private let latest = Mutex<[StreamID: Current]>([:])
    private let listed = Mutex(OverviewData(streams: []))
    private let wakes = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// What is asked for between two seconds.
    struct Current {
        var metrics: StreamMetrics
        var health: StreamHealth
    }

    /// - Parameter recorder: Writes everything down; `nil` where others do.
    public init(
        reports: any ReportLog, events: any EventLog, streams: any StreamRepository,
        hub: any WebSocketAudience<LiveTopic>, recorder: AudienceRecorder?, clock: any WallClock,
        metrics: AudienceMetrics = AudienceMetrics(), logger: Logger
    ) {
        self.reports = reports
        self.events = events
        self.streams = streams
        self.hub = hub
        self.recorder = recorder
        self.clock = clock
        self.metrics = metrics
        self.logger = logger
        state = Mutex(State(board: AudienceBoard(at: clock.now())))
    }

    /// The newest second of a stream that is on air or watched.
    func current(of stream: StreamID) -> Current? { latest.withLock { $0[stream] } }

    /// Measurements of the last minutes of a stream, the newest last.
    func recent(of stream: StreamID, milliseconds: Int64) -> [StreamMetrics] {
        state.withLock { $0.board.streams[stream]?.history.recent(milliseconds: milliseconds) ?? [] }
    }

    /// All streams on air, as of the newest second.
    var overview: OverviewData { listed.withLock { $0 } }

    /// Follows events and reports until cancelled.
    public func run() async throws {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.events.follow { self.arrived(.event($0)) } }
            group.addTask {
                await self.reports.follow { stream, report in
                    self.state.withLock { $0.board.told(report, of: stream) }
                }
            }
            group.addTask { await self.keepTime() }
            group.addTask { await self.tell() }
        }
    }

    private func arrived(_ arrival: Arrival) {
        state.withLock { state in
            if state.arrived.count >= Self.eventsWaitingMax { state.arrived.removeFirst() }
            state.arrived.append(arrival)
        }
        wakes.continuation.yield()
    }

    private func keepTime() async {
        while !Task.isCancelled {
            let past = clock.now().unixMilliseconds % 1000
            // A cancelled sleep ends the loop by its condition.
            try? await Task.sleep(for: .milliseconds(1000 - past))
            wakes.continuation.yield()
        }
        wakes.continuation.finish()
    }

    /// The one task that speaks.
    private func tell() async {
        var desk = LiveDesk(hub: hub, statuses: statuses)
        var second = clock.now().unixMilliseconds / 1000
        let lookups = LookupQueue(max: Self.lookupsMax, clock: clock)
        await withDiscardingTaskGroup { group in
            for await _ in wakes.stream {
                for arrival in state.withLock({ state in
                    defer { state.arrived = [] }
                    return state.arrived
                }) {
                    switch arrival {
                    case .event(let event):
                        desk.happened(event)
                        if case .deleted = event.kind { state.withLock { $0.board.forget(event.streamID) } }
                    case .found(let stream): desk.found(stream)
                    }
                }
                let now = clock.now().unixMilliseconds / 1000
                if now > second {
                    second = now
                    secondPassed(WallTime(unixMilliseconds: now * 1000), &desk)
                }
                for stream in lookups.next(of: desk.unknown) {
                    group.addTask { await self.lookUp(stream, lookups) }
                }
            }
            group.cancelAll()
        }
    }

    private func lookUp(_ stream: StreamID, _ lookups: LookupQueue) async {
        do throws(StreamError) {
            arrived(.found(try await streams.get(stream)))
            lookups.ended(stream, again: nil)
        } catch {
            // Also one that is not there: its deletion will be told, or it appears a moment later.
            lookups.ended(stream, again: clock.now().adding(milliseconds: LookupQueue.pauseMilliseconds))
        }
    }

    private func secondPassed(_ now: WallTime, _ desk: inout LiveDesk) {
        let (measured, isComplete) = state.withLock { state in
            let metrics = state.board.secondPassed(now)
            let current = metrics.map { metrics in
                let history = state.board.streams[metrics.streamID]?.history ?? MetricsHistory()
                return Current(
                    metrics: metrics,
                    health: StreamHealth(
                        recent: history.recent(milliseconds: StreamHealth.milliseconds),
                        transcoding: statuses.status(of: metrics.streamID)?.transcoding))
            }
            return (current, state.board.isComplete(at: now))
        }
        latest.withLock { latest in
            latest = Dictionary(measured.map { ($0.metrics.streamID, $0) }) { $1 }
        }
        if isComplete { metrics.measured(measured.map(\.metrics)) }
        let overview = desk.secondPassed(measured, at: now)
        listed.withLock { $0 = overview }
        guard let recorder, isComplete else { return }
        let sessions = state.withLock {
            $0.board.sessionsToRecord(at: now, max: AudienceLimits.sessionsPerWriteMax)
        }
        recorder.record(measured.map(\.metrics), sessions) { [self] sessions, isWritten in
            state.withLock { $0.board.recorded(sessions, at: now, isWritten: isWritten) }
        }
    }

    // MARK: Pages that open

    /// Lets a page listen to a stream.
    ///
    /// - Parameter stream: As the database has it.
    public func attend(_ stream: Stream, _ channel: any WebSocketChannel) async throws {
        var page = LivePage(stream.id)
        _ = page.found(stream)
        let status = LiveMessage(type: .status, stream: stream.id, at: clock.now(), data: page.status)
        try await hub.attend(.stream(stream.id), channel, initial: [WebSocketFrame.message(.text(status.encoded))]) {
            _ in
        }
    }

    /// Lets a page listen to all streams.
    ///
    /// The first one gets what there is at once, and what is wrong with the next second; others find both written.
    public func attendOverview(_ channel: any WebSocketChannel) async throws {
        let newest = LiveMessage(type: .overview, stream: nil, at: clock.now(), data: overview)
        try await hub.attend(.overview, channel, initial: [WebSocketFrame.message(.text(newest.encoded))]) { _ in }
    }
}
