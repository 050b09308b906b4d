import Bytes
import FoundationEssentials
import StreamingCore

/// What a webhook tells.
///
/// ```
/// {"version":1,"id":"01a2…","type":"stream.started","stream":"01a2…","at":"2026-11-23T09:14:01.054Z","reason":null}
/// ```
/// The id is that of the event itself: whoever gets it twice knows it by that. `reason` is why a broadcast ended.
struct WebhookEvent: Sendable, Equatable {
    enum Kind: String, Sendable {
        case started = "stream.started"
        case interrupted = "stream.interrupted"
        case resumed = "stream.resumed"
        case ended = "stream.ended"
    }

    let id: UUIDv7
    let kind: Kind
    let stream: StreamID
    let at: WallTime
    let reason: StreamEvent.EndReason?

    /// `nil` for events that nobody is told of.
    init?(_ event: StreamEvent) {
        switch event.kind {
        case .started: (kind, reason) = (.started, nil)
        case .interrupted: (kind, reason) = (.interrupted, nil)
        case .resumed: (kind, reason) = (.resumed, nil)
        case .ended(let why): (kind, reason) = (.ended, why)
        case .deleted, .keyRevoked, .renditionsChanged, .transcodingRefused, .transcodingFailed: return nil
        }
        (id, stream, at) = (event.id, event.streamID, event.at)
    }
}

extension WebhookEvent: Encodable {
    private enum Member: CodingKey { case version, id, type, stream, at, reason }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        try members.encode(1, forKey: .version)
        try members.encode(id.description, forKey: .id)
        try members.encode(kind.rawValue, forKey: .type)
        try members.encode(stream.description, forKey: .stream)
        try members.encode(at.description, forKey: .at)
        try members.encode(reason?.rawValue, forKey: .reason)
    }

    /// UTF-8 text, the same at each attempt.
    var body: Bytes {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Strings and a number: all of it can be written.
        guard let data = try? encoder.encode(self) else { preconditionFailure("an event cannot be written") }
        return Bytes(Array(data))
    }
}

/// Signs what webhooks carry: `Sluice-Signature: t=1795424041,v1=…`, the second being HMAC-SHA-256 of `t`, a dot and
/// the body, in hexadecimal. The time is in it so that nobody can send an old one again.
struct WebhookSignature: Sendable {
    private let secret: Bytes

    init(_ secret: Secret) { self.secret = Bytes(utf8: secret.reveal()) }

    func field(for body: Bytes, at now: WallTime) -> String {
        let seconds = now.unixMilliseconds / 1000
        var message = ByteWriter(capacity: body.count + 16)
        message.write(utf8: "\(seconds).")
        message.write(body)
        let digits = Array("0123456789abcdef".utf8)
        let digest = SHA256.authenticationCode(for: message.finish(), key: secret)
        let text = digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return "t=\(seconds),v1=\(String(decoding: text, as: UTF8.self))"
    }
}
