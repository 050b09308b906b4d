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

        var line: String {
            switch self {
            case .unsaid: ""
            case .keepAlive: "connection: keep-alive\r\n"
            case .close: "connection: close\r\n"
            }
        }
    }

    static func serialised(
        status: HTTPStatus, fields: HTTPFields, date: String, framing: HTTP1ResponsePlan.Framing?,
        connection: Connection
    ) -> Bytes {
        let reason = status.reason
        // The fixed part covers "HTTP/1.1 NNN ", "date: ", the longest framing line and all line ends.
        var capacity = 96 + reason.utf8.count + date.utf8.count + connection.line.utf8.count
        for field in fields { capacity += field.name.utf8.count + field.value.utf8.count + 4 }
        var head = ByteWriter(capacity: capacity)
        head.write(utf8: "HTTP/1.1 ")
        head.write(utf8: String(status.code))
        head.write(utf8: " ")
        head.write(utf8: reason)
        head.write(utf8: "\r\ndate: ")
        head.write(utf8: date)
        head.write(utf8: "\r\n")
        for field in fields where !isOwnedByServer(field.name) {
            head.write(utf8: field.name)
            head.write(utf8: ": ")
            head.write(utf8: field.value)
            head.write(utf8: "\r\n")
        }
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

    private static func isOwnedByServer(_ name: String) -> Bool {
        switch name.utf8.count {
        case 4: name == "date"
        case 10: name == "connection" || name == "keep-alive"
        case 14: name == "content-length"
        case 17: name == "transfer-encoding"
        default: false
        }
    }
}
