import Bytes
public import StreamingCore

/// Claims of webhooks in Redis: one key for each event and address, which runs out.
///
/// ```
///  sluice:webhook:<event>:<digest of the address>   the process that tells it, for claimMilliseconds
///                                                   "told" when it is, for settledMilliseconds
/// ```
/// Without Redis everybody tells: an event that comes twice is better than one that never comes.
public struct RedisWebhookClaims: WebhookClaims {
    /// Longer than an attempt takes.
    static let claimMilliseconds = Int64(WebhookLimits.answerSecondsMax) * 1000 + 5000
    /// Longer than an event is told again and again.
    static let settledMilliseconds: Int64 = 2 * 3_600_000

    private static let told = Bytes(utf8: "told")

    private let pool: RedisPool
    /// This process among its like: what it has claimed stays its own when it tries again.
    private let name = Bytes(utf8: String(UInt64.random(in: .min ... .max), radix: 36))

    public init(_ pool: RedisPool) { self.pool = pool }

    public func claim(_ event: UUIDv7, for address: String, at _: WallTime) async -> WebhookClaim {
        let key = Self.key(event, address)
        do throws(StreamError) {
            let replies = try await pool.call(
                RedisCommands([
                    ["SET", .text(key), .bytes(name), "NX", "PX", .number(Self.claimMilliseconds)],
                    ["GET", .text(key)],
                ]), "SET")
            switch replies.last {
            case .string(name): return .ours
            case .string(Self.told): return .settled
            // One that ran out between the two commands is another's too: it is asked for again.
            default: return .others
            }
        } catch {
            return .ours
        }
    }

    public func settle(_ event: UUIDv7, for address: String) async {
        // When it cannot be written, the claim runs out, and the event may be told once more.
        _ = try? await pool.call(
            RedisCommands(
                "SET", .text(Self.key(event, address)), .bytes(Self.told), "PX", .number(Self.settledMilliseconds)),
            "SET")
    }

    private static func key(_ event: UUIDv7, _ address: String) -> String {
        // Addresses may have passwords in them.
        let digest = SHA256.hash(Bytes(utf8: address)).prefix(12)
        return "sluice:webhook:\(event):\(Base64URL.encode(digest))"
    }
}
