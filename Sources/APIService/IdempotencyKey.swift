import Bytes
import HTTP
import StreamingCore

/// The field `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a request that carries it has its effect
/// once, however often it is sent.
///
/// The draft has it in quotes; it is taken without them too.
struct IdempotencyKey: Equatable {
    /// How many characters it has: fewer could be found by trying, and keys are derived from it.
    static let lengths = 16...128
    /// How long a repetition is answered like the first request, in milliseconds.
    static let spanMilliseconds: Int64 = 86_400_000

    let text: String

    /// - Returns: `nil` for a request without the field.
    init?(_ request: HTTPRequest) throws(APIFailure) {
        let values = request.fields.all("idempotency-key")
        guard let value = values.first else { return nil }
        let isQuoted = value.utf8.count >= 2 && value.hasPrefix("\"") && value.hasSuffix("\"")
        let text = isQuoted ? String(value.dropFirst().dropLast()) : value
        guard values.count == 1, Self.lengths ~= text.utf8.count,
            text.utf8.allSatisfy({ 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") })
        else { throw .idempotency(.invalid) }
        self.text = text
    }
}

/// What is wrong with a request that is to have its effect once. The raw value is the code.
enum IdempotencyFailure: String, Error, CaseIterable {
    case invalid = "invalid_idempotency_key"
    /// It came before, with another body.
    case reused = "idempotency_key_reused"
    /// It came before, more than a day ago.
    case expired = "idempotency_key_expired"
    /// What was made with it does not count any more.
    case void = "idempotency_key_void"

    var status: HTTPStatus {
        switch self {
        case .invalid: .badRequest
        case .reused: .unprocessableContent
        case .expired, .void: .conflict
        }
    }

    var detail: String {
        switch self {
        case .invalid:
            "Idempotency-Key must have \(IdempotencyKey.lengths.lowerBound) to "
                + "\(IdempotencyKey.lengths.upperBound) visible ASCII characters, such as a UUID, once."
        case .reused: "This Idempotency-Key came before, with another body."
        case .expired: "This Idempotency-Key came before, more than a day ago: take another one."
        case .void: "The stream key that was made with this Idempotency-Key is revoked."
        }
    }
}

/// Finds again what a request made before, without remembering it.
///
/// The stream key that such a request makes is no random one: it follows from the idempotency key and a secret of ours.
/// No two stream keys have the same text, which the database sees to. So a repetition finds the one that there is, at
/// every process and after every start, and can show it, although its text is stored nowhere.
struct IdempotentKeys: Sendable {
    private let secret: Bytes

    /// - Parameter secret: The same in all processes that serve the API.
    init(secret: Secret) { self.secret = Bytes(utf8: secret.reveal()) }

    /// The stream key that a request makes.
    ///
    /// - Parameter operation: The method and the path: the same idempotency key at another place is another one.
    func streamKey(for key: IdempotencyKey, operation: String) -> Secret {
        let message = Bytes(utf8: "sluice idempotent stream key\n\(operation)\n\(key.text)")
        return StreamKey.makeText(from: SHA256.authenticationCode(for: message, key: secret))
    }
}
