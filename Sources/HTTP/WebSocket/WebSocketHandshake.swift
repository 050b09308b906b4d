internal import Bytes

/// The opening handshake of a server (RFC 6455, 4.2): a GET that asks to go on as a WebSocket.
///
///     GET /ws HTTP/1.1
///     Upgrade: websocket
///     Connection: Upgrade
///     Sec-WebSocket-Version: 13
///     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
///     Sec-WebSocket-Protocol: chat, superchat        (if any)
///     Origin: https://page.example                   (from browsers)
///
/// Browsers let every page open a WebSocket to every server and say only which page it is: the handler holds
/// ``origin`` against ``CORSPolicy/allows(origin:)``. Extensions are not negotiated.
public struct WebSocketHandshake: Sendable, Equatable {
    /// The one version there is.
    public static let version = "13"

    /// What the client proves its patience with: 16 bytes in Base64.
    let key: String
    /// What it can speak above WebSocket, the favourite first.
    public let subprotocols: [String]
    /// The page that asks; nil for what is no browser.
    public let origin: String?

    /// Reads a request.
    ///
    /// - Throws: Why it cannot become a WebSocket; ``WebSocketRefusal/response`` says so to the client.
    public init(_ request: HTTPRequest) throws(WebSocketRefusal) {
        guard request.method == .get else { throw .methodWrong }
        guard Self.tokens(request.fields, "upgrade").contains("websocket"),
            Self.tokens(request.fields, "connection").contains("upgrade")
        else { throw .upgradeMissing }
        guard request.fields.all("sec-websocket-version") == [Self.version] else { throw .versionUnknown }
        let keys = request.fields.all("sec-websocket-key")
        guard keys.count == 1, let key = keys.first, Self.isKey(key) else { throw .keyMalformed }
        // Whatever is sent behind the head belongs to the WebSocket.
        guard request.body.isEmpty else { throw .bodyPresent }
        subprotocols = try Self.subprotocols(request.fields)
        origin = request.fields["origin"]
        self.key = key
    }

    /// The answer that makes the connection a WebSocket.
    ///
    /// - Parameters:
    ///   - upgrade: What runs on it.
    ///   - subprotocols: What we can speak above it, the favourite first. The first that the client has too is chosen;
    ///     without one the client decides whether it goes on.
    public func accept(_ upgrade: WebSocketUpgrade, subprotocols offered: [String] = []) -> HTTPResponse {
        var fields: HTTPFields = ["upgrade": "websocket", "sec-websocket-accept": Self.answer(to: key)]
        if let chosen = offered.first(where: subprotocols.contains) { fields.append("sec-websocket-protocol", chosen) }
        return HTTPResponse(.switchingProtocols, fields: fields, body: .webSocket(upgrade))
    }

    /// What proves to the client that the server has understood it (RFC 6455, 4.2.2): the digest of its key and a
    /// text that nothing but a WebSocket server would add.
    static func answer(to key: String) -> String {
        base64(SHA1.hash(Bytes(utf8: key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")))
    }

    // MARK: Fields

    private static func tokens(_ fields: HTTPFields, _ name: String) -> [String] {
        items(of: fields.list(name) ?? "").map { $0.lowercased() }
    }

    private static func items(of list: String) -> [String] {
        list.split(separator: ",").map { item in
            let front = item.drop { $0 == " " || $0 == "\t" }
            let length = front.reversed().drop { $0 == " " || $0 == "\t" }.count
            return String(front.prefix(length))
        }
    }

    /// Sixteen bytes are 22 digits of Base64 and two signs that fill up.
    private static func isKey(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count == 24, bytes[22] == ASCII.equals, bytes[23] == ASCII.equals else { return false }
        return bytes.prefix(22).allSatisfy(digits.contains)
    }

    /// Tokens, each once (4.1); the size of a header bounds how many there are.
    private static func subprotocols(_ fields: HTTPFields) throws(WebSocketRefusal) -> [String] {
        guard let list = fields.list("sec-websocket-protocol") else { return [] }
        let names = items(of: list)
        let areTokens = names.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { $0.isTokenCharacter } }
        guard !names.isEmpty, areTokens, Set(names).count == names.count else { throw .subprotocolsMalformed }
        return names
    }

    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static func base64(_ bytes: Bytes) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var word: UInt32 = 0
            for index in 0..<3 { word = word << 8 | (index < group.count ? UInt32(group[index]) : 0) }
            for index in 0..<4 {
                text.append(index <= group.count ? digits[Int(word >> UInt32(18 - 6 * index) & 63)] : ASCII.equals)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// Why a request cannot become a WebSocket.
public enum WebSocketRefusal: Error, Equatable, Sendable, CaseIterable {
    case methodWrong
    /// It does not ask for one.
    case upgradeMissing
    /// Not version 13.
    case versionUnknown
    /// Not sixteen bytes in Base64.
    case keyMalformed
    case subprotocolsMalformed
    /// A request with a body.
    case bodyPresent
    /// A page that may not; the handler decides.
    case originNotAllowed

    /// What the client is told.
    public var response: HTTPResponse {
        switch self {
        case .methodWrong:
            ProblemDocument(.methodNotAllowed, code: "websocket_method").response(fields: ["allow": "GET"])
        case .upgradeMissing:
            ProblemDocument(
                .upgradeRequired, detail: "this resource is a WebSocket", code: "websocket_required"
            ).response(fields: Self.wanted)
        case .versionUnknown:
            ProblemDocument(
                .upgradeRequired, detail: "the version of WebSocket here is 13", code: "websocket_version"
            ).response(fields: Self.wanted)
        case .keyMalformed:
            Self.badRequest("Sec-WebSocket-Key is not 16 bytes in Base64", "websocket_key")
        case .subprotocolsMalformed:
            Self.badRequest("Sec-WebSocket-Protocol is not a list of different tokens", "websocket_protocol")
        case .bodyPresent:
            Self.badRequest("a request for a WebSocket has no body", "websocket_body")
        case .originNotAllowed:
            ProblemDocument(
                .forbidden, detail: "pages of this origin may not connect", code: "origin_not_allowed"
            ).response()
        }
    }

    private static let wanted: HTTPFields = [
        "upgrade": "websocket", "sec-websocket-version": WebSocketHandshake.version,
    ]

    private static func badRequest(_ detail: String, _ code: String) -> HTTPResponse {
        ProblemDocument(.badRequest, detail: detail, code: code).response()
    }
}
