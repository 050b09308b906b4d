internal import Bytes
internal import HTTP

/// One HTTP/1.1 connection from its first request to its last.
///
/// The parser decides what was asked and `HTTP1ResponsePlan` how to answer; here is only the waiting and the sending.
struct HTTP1ServerSession: ~Copyable {
    /// How many bytes of answers may wait for others to leave with them.
    private static let queuedBytesMax = 64 * 1024

    /// What the connection waits for, and since when.
    private enum Phase {
        /// The first byte of the first request.
        case new(since: LoopTime)
        /// The first byte of another request. Draining ends it.
        case idle(since: LoopTime)
        /// The rest of a head.
        case head(since: LoopTime)
        /// The rest of a body, of which so much is here.
        case body(since: LoopTime, received: Int)
    }

    /// What the connection goes on as.
    struct Switching {
        let upgrade: WebSocketUpgrade
        /// What the client has sent already.
        let rest: Bytes
    }

    private enum Outcome {
        case goesOn
        case ends
        case switches(WebSocketUpgrade)
    }

    private let connection: TCPConnection
    private let handler: any HTTPHandler
    private let timeouts: HTTPServerTimeouts
    private var parser: HTTP1RequestParser
    private var phase: Phase
    /// How much the last read brought. Behind a head it counts as body: the parser does not say where the head ended,
    /// and the few bytes too many are in the client's favour.
    private var lastReadCount = 0
    /// Whether the client waits for a word before it sends the body.
    private var owesContinue = false
    /// Who counts the last body that was queued, and how long it was.
    private var receipt: (any HTTPBodyReceipt)?
    private var receiptBytes = 0

    init(
        _ connection: TCPConnection, _ handler: any HTTPHandler, _ limits: HTTP1Limits, _ timeouts: HTTPServerTimeouts
    ) {
        self.connection = connection
        self.handler = handler
        self.timeouts = timeouts
        parser = HTTP1RequestParser(limits: limits, peerAddress: connection.peer.ip.description)
        phase = .new(since: connection.loop.now)
    }

    /// Answers requests until one side wants no more, or the connection goes on in another protocol.
    ///
    /// - Returns: The other protocol; nil when the connection has ended.
    /// - Throws: What ended the connection otherwise than by a regular end.
    mutating func serve() async throws -> Switching? {
        defer { settle() }
        while true {
            let event: HTTP1Event?
            do throws(HTTP1Failure) {
                event = try parser.next()
            } catch {
                await refuse(with: error.response)
                return nil
            }
            switch event {
            case nil:
                guard try await receive() else { return nil }
            case .head(let request):
                owesContinue = request.expectsContinue
                phase = .body(since: connection.loop.turnBegan, received: lastReadCount)
            case .request(let request):
                owesContinue = false
                switch try await answer(request) {
                case .goesOn: phase = .idle(since: connection.loop.turnBegan)
                case .ends:
                    await connection.close(sending: [])
                    return nil
                case .switches(let upgrade): return Switching(upgrade: upgrade, rest: parser.takeRest())
                }
            }
        }
    }

    /// Tells what did not leave. Small bodies before the last one, which waited to leave with it, count as sent.
    private func settle() {
        let unsent = connection.outgoing.byteCount + connection.lostByteCount
        if unsent > 0 { receipt?.bytesNotSent(min(unsent, receiptBytes)) }
    }

    // MARK: Receiving

    /// Sends what is queued and waits for more of a request.
    ///
    /// - Returns: Whether the connection goes on.
    private mutating func receive() async throws -> Bool {
        if owesContinue {
            owesContinue = false
            connection.queue(HTTP1ResponseHead.continueSending)
        }
        if !connection.outgoing.isEmpty { try await connection.flush() }
        do {
            guard let bytes = try await connection.read(before: deadline, endsWhenDraining: isBetweenRequests) else {
                return false
            }
            received(bytes.count)
            parser.receive(bytes)
            return true
        } catch NetworkError.draining {
            return false
        } catch NetworkError.readTimedOut {
            if !isBetweenRequests { await refuse(with: ProblemDocument(.requestTimeout).response()) }
            return false
        }
    }

    private var isBetweenRequests: Bool {
        switch phase {
        case .new, .idle: true
        case .head, .body: false
        }
    }

    private var deadline: LoopTime {
        switch phase {
        case .new(let since), .head(let since): since + timeouts.head
        case .idle(let since): since + timeouts.idle
        case .body(let since, let received): since + timeouts.body(received: received)
        }
    }

    private mutating func received(_ count: Int) {
        lastReadCount = count
        switch phase {
        case .new, .idle: phase = .head(since: connection.loop.turnBegan)
        case .head: break
        case .body(let since, let received): phase = .body(since: since, received: received + count)
        }
    }

    // MARK: Answering

    /// Lets the handler answer and queues or sends the answer.
    ///
    /// - Returns: What becomes of the connection.
    private mutating func answer(_ request: HTTP1Request) async throws -> Outcome {
        // Earlier answers must not wait for a handler that takes its time.
        connection.sendBeforeLoopWaits()
        connection.watchDeparture(grace: timeouts.departureGrace)
        defer { connection.unwatchDeparture() }
        let response = await handler.respond(to: request.request)
        try Task.checkCancellation()
        let plan = HTTP1ResponsePlan(
            response, to: request, date: connection.loop.dateText, closing: connection.isDraining)
        connection.queue(plan.head)
        switch plan.body {
        case .none: break
        case .buffers(let buffers):
            let queuedBytes = connection.outgoing.byteCount
            for buffer in buffers { connection.queue(buffer) }
            receipt = response.receipt
            receiptBytes = connection.outgoing.byteCount - queuedBytes
        case .stream(let framing, let make):
            connection.sendBeforeLoopWaits()
            let writer = HTTP1BodyWriter(connection, framing)
            try await make(writer)
            try writer.finish()
        case .webSocket(let upgrade):
            // Nothing may be taken back any more that the client needs to understand what follows.
            try await connection.flush()
            return .switches(upgrade)
        }
        if connection.outgoing.byteCount > Self.queuedBytesMax { try await connection.flush() }
        return plan.closesAfter ? .ends : .goesOn
    }

    /// Answers what cannot be understood or did not come, and closes.
    private func refuse(with response: HTTPResponse) async {
        let plan = HTTP1ResponsePlan(closingWith: response, date: connection.loop.dateText)
        var last = [plan.head]
        if case .buffers(let buffers) = plan.body { last += buffers }
        await connection.close(sending: last)
    }
}
