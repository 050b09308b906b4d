import Bytes
import StreamingCore

/// An answer of the server (RESP2).
enum RedisReply: Sendable, Equatable {
    case status(Bytes)
    case string(Bytes)
    case integer(Int64)
    case array([RedisReply])
    /// There is no value.
    case absent
    /// A command failed. Only the code is kept, because the text may quote the command, and with it a password.
    case error(code: String)

    /// The longest code of an error to keep.
    private static let codeBytesMax = 32

    /// Reads the first word of an error's text.
    static func error(text: Bytes) -> RedisReply {
        let word = text.prefix(codeBytesMax).prefix { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 }
        return .error(code: word.isEmpty ? "an unknown error" : String(decoding: word, as: UTF8.self))
    }

    /// The same answer, unless it is an error.
    ///
    /// - Parameter command: What was asked for, for the message.
    func checked(_ command: String) throws(StreamError) -> RedisReply {
        guard case .error(let code) = self else { return self }
        switch code {
        case "FENCED": throw .conflict(reason: "another process writes for the stream now")
        case "OOM": throw .overloaded(what: "the memory of Redis (maxmemory)")
        case "READONLY": throw .network(reason: "Redis is a replica and takes no writes")
        case "MOVED", "ASK", "CROSSSLOT", "CLUSTERDOWN":
            throw .network(reason: "Redis is a node of a cluster, which is not supported: \(code)")
        default: throw .database(reason: "Redis refused \(command): \(code)")
        }
    }

    /// An answer that the command never has: a server that is none, or a proxy that mixes answers up.
    static func unexpected(_ command: String) -> StreamError {
        .database(reason: "Redis answered \(command) with another kind of value")
    }
}
