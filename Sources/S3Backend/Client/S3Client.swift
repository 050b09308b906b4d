import Bytes
import HTTP
import HTTPClient
import StreamingCore
import Synchronization

/// Asks an S3 store: signs, sends, tries again, and says why it failed.
///
/// Requests go over a pool of connections that are kept open. What may succeed a moment later is tried again until the
/// request's time is over: this is the one place that does so, but for ``S3Uploader``, which never gives up.
final class S3Client: Sendable {
    /// Bounds of one request.
    struct Limits: Sendable {
        /// For all attempts together, in milliseconds.
        var totalMilliseconds: Int64
        /// Attempts, the first one included.
        var attemptsMax: Int
        /// How long nothing may move within an attempt, in seconds.
        var stallSecondsMax: Int

        /// Somebody waits for the bytes.
        static let read = Limits(totalMilliseconds: 10_000, attemptsMax: 20, stallSecondsMax: 3)
        /// Somebody waits for the bytes to be there.
        static let write = Limits(totalMilliseconds: 30_000, attemptsMax: 20, stallSecondsMax: 10)
        /// Whoever sends it tries again itself.
        static let single = Limits(totalMilliseconds: 60_000, attemptsMax: 1, stallSecondsMax: 10)
    }

    /// What is asked, before it is signed.
    struct Request: Sendable {
        var method: Exchange.Method
        /// The object's key, not encoded; `nil` for the bucket.
        var key: String?
        var query: [(name: String, value: String)] = []
        var fields: [(name: String, value: String)] = []
        var body: [Bytes] = []
        /// Whether the signature covers the body. Those of objects are not signed: an answer's body never is, so that
        /// only TLS keeps somebody on the way from changing media, and TLS guards both directions.
        var signsBody = true
        var answerBytesMax = S3Client.documentBytesMax
    }

    /// Documents of the store, such as a list of 1,000 names, in bytes.
    static let documentBytesMax = 4 << 20
    /// The largest object to read, in bytes; nothing larger is ever written here.
    static let objectBytesMax = 512 << 20
    /// Connections at a time.
    static let connectionsMax = 8

    let settings: S3Settings
    private let signature: SignatureV4
    private let clock: any WallClock
    private let thread: TransferThread
    /// What to add to our clock so that it shows the store's time, in milliseconds.
    private let clockOffset = Mutex(Int64(0))

    init(
        _ settings: S3Settings, connectionsMax: Int = S3Client.connectionsMax, clock: any WallClock = SystemWallClock()
    ) {
        self.settings = settings
        self.clock = clock
        signature = SignatureV4(
            accessKey: settings.accessKey, secretKey: settings.secretKey, region: settings.region, service: "s3")
        thread = TransferThread(name: "s3", connectionsMax: connectionsMax)
    }

    /// Sends a request until it is answered with a status below 300, or cannot be.
    ///
    /// - Parameter check: Looks at an answer; what it throws counts as a failure of the attempt.
    func send<Value: Sendable>(
        _ request: Request, within limits: Limits, _ check: (Answer) throws(S3Failure) -> Value
    ) async throws(S3Failure) -> Value {
        let deadline = ContinuousClock.now + .milliseconds(limits.totalMilliseconds)
        var delay = RetryDelay(firstMilliseconds: 50, millisecondsMax: 2000)
        var isClockCorrected = false
        var attempt = 1
        var before: S3Failure?
        while true {
            let failure: S3Failure
            do throws(S3Failure) {
                return try check(try await sendOnce(request, limits, deadline: deadline))
            } catch {
                failure = error
            }
            if !isClockCorrected, case .refused(_, "RequestTimeTooSkewed") = failure {
                // The answer's date has been taken over; once is enough, or the date is of no use.
                isClockCorrected = true
                continue
            }
            guard failure.isTransient, attempt < limits.attemptsMax else { throw failure }
            let pause = delay.next(random: .random(in: .min ... .max))
            guard ContinuousClock.now + pause < deadline else {
                // The last attempt may have had no time; what was wrong before says more.
                throw failure == .transfer(.timedOut) ? before ?? failure : failure
            }
            before = failure
            do { try await Task.sleep(for: pause) } catch { throw .transfer(.cancelled) }
            attempt += 1
        }
    }

    private func sendOnce(
        _ request: Request, _ limits: Limits, deadline: ContinuousClock.Instant
    ) async throws(S3Failure) -> Answer {
        let exchange = exchange(for: request, limits, deadline: deadline)
        let answer: Answer
        do throws(TransferFailure) {
            answer = try await thread.perform(exchange)
        } catch {
            throw .transfer(error)
        }
        guard 200..<300 ~= answer.status else {
            let code = Self.errorCode(of: answer)
            if code == "RequestTimeTooSkewed" { adoptTime(of: answer) }
            throw .refused(status: answer.status, code: code)
        }
        return answer
    }

    private func exchange(
        for request: Request, _ limits: Limits, deadline: ContinuousClock.Instant
    ) -> Exchange {
        let now = clock.now().adding(milliseconds: clockOffset.withLock { $0 })
        let time = SignatureV4.timestamp(of: now)
        let payloadHash =
            request.signsBody
            ? Hexadecimal.text(of: SHA256.hash(request.body.first ?? Bytes())) : SignatureV4.unsignedPayload
        var fields = request.fields
        fields.append(("x-amz-date", time))
        fields.append(("x-amz-content-sha256", payloadHash))
        if let token = settings.sessionToken { fields.append(("x-amz-security-token", token.reveal())) }
        let path = path(of: request.key)
        let authorization = signature.authorization(
            for: SignatureV4.Request(
                method: request.method.rawValue, path: path, query: request.query,
                fields: fields + [("host", settings.authority)], payloadHash: payloadHash),
            at: time)
        fields.append(("authorization", authorization))
        let query = request.query.isEmpty ? "" : "?\(PercentEncoding.query(request.query))"
        return Exchange(
            method: request.method,
            address: "\(settings.endpoint.isEncrypted ? "https" : "http")://\(settings.authority)\(path)\(query)",
            fields: fields, body: request.body, answerBytesMax: request.answerBytesMax, deadline: deadline,
            stallSecondsMax: limits.stallSecondsMax, certificateAuthorityFile: settings.certificateAuthorityFile)
    }

    private func path(of key: String?) -> String {
        var path = settings.usesPathStyle ? "/" + settings.bucket : ""
        if let key { path += "/" + PercentEncoding.text(key, keepsSlashes: true) }
        return path.isEmpty ? "/" : path
    }

    /// The code of an error document; empty when there is none that can be read.
    private static func errorCode(of answer: Answer) -> String {
        guard answer.byteCount <= documentBytesMax, let leaves = try? XMLLeaves(answer.document),
            let code = leaves.first("Error/Code")
        else { return "" }
        // It goes into messages, so that it must be what a code looks like.
        let isPlausible = code.utf8.count <= 64 && code.utf8.allSatisfy { 0x21...0x7E ~= $0 }
        return isPlausible ? code : ""
    }

    private func adoptTime(of answer: Answer) {
        guard let date = answer.fields["date"], let seconds = HTTPDate.unixSeconds(date) else { return }
        let offset = Int64(seconds) * 1000 - clock.now().unixMilliseconds
        clockOffset.withLock { $0 = offset }
    }
}
