public import Bytes

/// Writes the head of a response (RFC 9112, 4) with one allocation.
///
///     HTTP/1.1 200 OK CRLF
///     content-type: video/mp4 CRLF
///     CRLF
public enum HTTP1ResponseHead {
    /// `HTTP/1.1 100 Continue`, which is sent before the answer proper.
    public static let continueSending = Bytes(utf8: "HTTP/1.1 100 Continue\r\n\r\n")

    /// What the head says about the connection's future.
    enum Connection {
        /// Nothing: it persists, as HTTP/1.1 takes for granted.
        case unsaid
        case keepAlive
        case close
        /// It goes on in another protocol.
        case upgrade
        /// It closes, and another protocol is what the client should have asked for (RFC 9110, 7.8).
        case closeAndUpgrade

        var line: String {
            switch self {
            case .unsaid: ""
            case .keepAlive: "connection: keep-alive\r\n"
            case .close: "connection: close\r\n"
            case .upgrade: "connection: upgrade\r\n"
            case .closeAndUpgrade: "connection: close, upgrade\r\n"
            }
        }
    }

    static func serialised(
        status: HTTPStatus, fields: HTTPFields, date: String, framing: HTTP1ResponsePlan.Framing?,
        connection: Connection
    ) -> Bytes {
        // Most heads fit at once; a longer one grows.
        var head = ByteWriter(capacity: 496)
        head.write(utf8: "HTTP/1.1 ")
        if status.code == 200 {
            head.write(utf8: "200 OK")
        } else {
            head.write(utf8: String(status.code))
            head.write(utf8: " ")
            head.write(utf8: status.reason)
        }
        head.write(utf8: "\r\ndate: ")
        head.write(utf8: date)
        head.write(utf8: "\r\n")
        fields.write(to: &head)
        switch framing {
        case .length(let length):
            head.write(utf8: "content-length: ")
            head.write(utf8: String(length))
            head.write(utf8: "\r\n")
        case .chunked: head.write(utf8: "transfer-encoding: chunked\r\n")
        case .untilClose, nil: break
        }
        head.write(utf8: connection.line)
        head.write(utf8: "\r\n")
        return head.finish()
    }

    /// Fields that handlers must not set, because the connection decides them.
    static func isOwnedByServer(_ name: String) -> Bool {
        switch name.utf8.count {
        case 4: name == "date"
        case 10: name == "connection" || name == "keep-alive"
        case 14: name == "content-length"
        case 17: name == "transfer-encoding"
        default: false
        }
    }
}
