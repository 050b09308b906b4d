import Bytes
import HTTPClient
public import StreamingCore
import Synchronization

/// Tells the outside when broadcasts begin, break off, go on and end.
///
/// At least once, in order per stream, as long as this process lives: what it has not told at its end is lost. Several
/// processes tell the same event under the same id unless ``WebhookClaims`` has one of them do it.
public final class WebhookSender: Service {
    public let name = "webhooks"

    /// One address and what it is still to be told.
    private final class Receiver: Sendable {
        let address: String
        let queue = Mutex(WebhookQueue())
        let wakes = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

        init(_ address: String) { self.address = address }
    }

    private let receivers: [Receiver]
    private let signature: WebhookSignature
    private let events: any EventLog
    private let claims: any WebhookClaims
    private let transfers: TransferThread
    private let answerTimeout: Duration
    private let clock: any WallClock
    private let logger: Logger

    /// - Parameters:
    ///   - addresses: `http://` or `https://`, at most ``WebhookLimits/addressesMax``.
    ///   - secret: What messages are signed with.
    ///   - claims: Says which of several processes tells an event.
    ///   - answerTimeout: How long an answer may take.
    public init(
        addresses: [String], secret: Secret, events: any EventLog, claims: any WebhookClaims = SoleSender(),
        answerTimeout: Duration = .seconds(WebhookLimits.answerSecondsMax),
        clock: any WallClock, logger: Logger
    ) {
        receivers = addresses.prefix(WebhookLimits.addressesMax).map(Receiver.init)
        signature = WebhookSignature(secret)
        self.events = events
        self.claims = claims
        self.answerTimeout = answerTimeout
        self.clock = clock
        self.logger = logger
        transfers = TransferThread(
            name: "webhooks", connectionsMax: WebhookLimits.exchangesMax * WebhookLimits.addressesMax)
    }

    /// Follows events until cancelled, and then tells what has just happened: broadcasts end with their process. That
    /// takes ``WebhookLimits/farewellMilliseconds`` at most; exchanges that are under way still are broken off.
    public func run() async throws {
        // Not a child: it goes on after the cancellation of this task. It is cancelled and awaited below in every case.
        let work = Task { await self.work() }
        await untilCancelled()
        // Not in this task, which is cancelled and could not wait.
        await Task {
            let end = ContinuousClock.now + .milliseconds(WebhookLimits.farewellMilliseconds)
            while ContinuousClock.now < end, receivers.contains(where: { $0.queue.withLock { $0.hasUntried } }) {
                try? await Task.sleep(for: .milliseconds(Self.lookMilliseconds))
            }
        }.value
        work.cancel()
        await work.value
    }

    /// How often it is looked whether all is told, at the end.
    private static let lookMilliseconds = 50

    private func work() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.events.follow { self.happened($0) } }
            for receiver in receivers { group.addTask { await self.serve(receiver) } }
        }
    }

    private func happened(_ event: StreamEvent) {
        guard let event = WebhookEvent(event) else { return }
        let now = clock.now()
        for receiver in receivers {
            if let lost = receiver.queue.withLock({ $0.append(event, at: now) }) {
                logger.error("webhook given up: too many wait", ["event.id": LogValue(lost.id)])
            }
            receiver.wakes.continuation.yield()
        }
    }

    /// Tells one address what it is to be told.
    private func serve(_ receiver: Receiver) async {
        // When the alarm is that is set: one that comes later is of no use.
        var alarm: WallTime?
        await withDiscardingTaskGroup { group in
            // Woken by events, by the ends of exchanges, and by waits that are over.
            for await _ in receiver.wakes.stream {
                let (due, next) = receiver.queue.withLock { ($0.take(at: clock.now()), $0.nextDue) }
                for event in due { group.addTask { await self.tell(event, receiver) } }
                let now = clock.now()
                if let set = alarm, set <= now { alarm = nil }
                guard let next, alarm.map({ next < $0 }) ?? true else { continue }
                alarm = next
                let wait = max(1, next.unixMilliseconds - now.unixMilliseconds)
                group.addTask {
                    // Cancelled at the end: then nobody is left to be woken.
                    try? await Task.sleep(for: .milliseconds(wait))
                    receiver.wakes.continuation.yield()
                }
            }
        }
    }

    private func tell(_ event: WebhookEvent, _ receiver: Receiver) async {
        var outcome = WebhookQueue.Outcome.told
        var reason = "status"
        switch await claims.claim(event.id, for: receiver.address, at: clock.now()) {
        case .ours:
            (outcome, reason) = await send(event, to: receiver.address)
            if outcome != .failed { await claims.settle(event.id, for: receiver.address) }
        case .settled: break
        case .others: (outcome, reason) = (.failed, "another process tells it")
        }
        let verdict = receiver.queue.withLock {
            $0.ended(event, outcome, at: clock.now(), random: UInt64.random(in: .min ... .max))
        }
        switch verdict {
        case .told: logger.debug("webhook told", ["event.id": LogValue(event.id)])
        case .again(let wait):
            logger.debug(
                "webhook failed", ["event.id": LogValue(event.id), "reason": LogValue(reason), "wait": LogValue(wait)])
        case .givenUp:
            logger.error("webhook given up", ["event.id": LogValue(event.id), "reason": LogValue(reason)])
        }
        receiver.wakes.continuation.yield()
    }

    private func send(_ event: WebhookEvent, to address: String) async -> (WebhookQueue.Outcome, String) {
        let body = event.body
        let exchange = Exchange(
            method: .post, address: address,
            fields: [
                ("Content-Type", "application/json"), ("User-Agent", "Sluice/\(Invocation.versionNumber)"),
                ("Sluice-Event", event.id.description),
                ("Sluice-Signature", signature.field(for: body, at: clock.now())),
            ],
            body: [body], answerBytesMax: WebhookLimits.answerBytesMax, needsLength: false,
            deadline: .now + answerTimeout,
            stallSecondsMax: WebhookLimits.answerSecondsMax)
        do throws(TransferFailure) {
            let answer = try await transfers.perform(exchange)
            switch answer.status {
            case 200...299: return (.told, "")
            case 410: return (.unwanted, "status 410")
            default: return (.failed, "status \(answer.status)")
            }
        } catch {
            return (.failed, "\(error)")
        }
    }
}
