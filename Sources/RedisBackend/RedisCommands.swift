import Bytes

// A command is an array of bulk strings (RESP2):
//
//   *3\r\n  $3\r\nSET\r\n  $1\r\nk\r\n  $5\r\nvalue\r\n

/// Commands as they go to the server, and how many answers they have.
///
/// A large value is never copied: it stays in the buffers that it came in, which are written one behind the other by
/// one system call (`writev`). Small ones are copied beside the command, because a vector costs more than they do.
struct RedisCommands: Sendable {
    /// A value in one buffer of at most this many bytes is copied.
    static let copiedBytesMax = 4096

    /// An argument of a command.
    enum Argument {
        case text(String)
        case number(Int64)
        case bytes(Bytes)
        case buffers([Bytes])
    }

    /// What to send, in order.
    let pieces: [Bytes]
    let byteCount: Int
    /// How many commands there are, and therefore answers.
    let count: Int

    /// Encodes commands that are sent together, with no other caller's between them.
    init(_ commands: [[Argument]]) {
        var encoder = Encoder()
        for arguments in commands { encoder.append(arguments) }
        pieces = encoder.finish()
        byteCount = pieces.reduce(0) { $0 + $1.count }
        count = commands.count
    }

    init(_ arguments: Argument...) { self.init([arguments]) }
}

extension RedisCommands.Argument: ExpressibleByStringLiteral {
    init(stringLiteral value: String) { self = .text(value) }
}

private struct Encoder: ~Copyable {
    private var writer = ByteWriter(capacity: 512)
    private var pieces: [Bytes] = []

    mutating func append(_ arguments: [RedisCommands.Argument]) {
        writer.write(utf8: "*\(arguments.count)\r\n")
        for argument in arguments {
            switch argument {
            case .text(let text): append(text)
            case .number(let number): append(String(number))
            case .bytes(let bytes): append([bytes])
            case .buffers(let buffers): append(buffers)
            }
        }
    }

    private mutating func append(_ text: String) {
        writer.write(utf8: "$\(text.utf8.count)\r\n")
        writer.write(utf8: text)
        writer.write(utf8: "\r\n")
    }

    private mutating func append(_ buffers: [Bytes]) {
        writer.write(utf8: "$\(buffers.reduce(0) { $0 + $1.count })\r\n")
        for buffer in buffers {
            if buffer.count <= RedisCommands.copiedBytesMax {
                writer.write(buffer)
            } else {
                endPiece()
                pieces.append(buffer)
            }
        }
        writer.write(utf8: "\r\n")
    }

    private mutating func endPiece() {
        var full = ByteWriter(capacity: 128)
        swap(&full, &writer)
        let piece = full.finish()
        if !piece.isEmpty { pieces.append(piece) }
    }

    consuming func finish() -> [Bytes] {
        endPiece()
        return pieces
    }
}
