import HTTP
import StreamingCore

/// The parameters of `GET /streams/{id}/viewers`.
struct ViewerListQuery {
    /// Only open sessions, or only ended ones; all when `nil`. `?open=true`
    var isOpen: Bool?
    /// Only those behind this one. `?before={cursor}`
    var before: ViewerSessionCursor?
    var limit = APIRoutes.pageDefault

    init(_ parameters: QueryParameters) throws(APIFailure) {
        for parameter in parameters {
            switch parameter.name {
            case "open":
                guard let flag = Bool(parameter.value) else {
                    throw .invalidParameter(name: "open", reason: "must be true or false")
                }
                isOpen = flag
            case "before":
                guard let cursor = ViewerSessionCursor(text: parameter.value) else {
                    throw .invalidParameter(name: "before", reason: "must be the 'next' of another page")
                }
                before = cursor
            case "limit":
                guard let number = Int(parameter.value), (1...APIRoutes.pageMax).contains(number) else {
                    throw .invalidParameter(name: "limit", reason: "must be a number from 1 to \(APIRoutes.pageMax)")
                }
                limit = number
            default: break
            }
        }
    }
}

extension ViewerSessionCursor {
    /// Milliseconds since the Unix epoch and an id: `1795424041054_01a207af-…`.
    var text: String { "\(startedAt.unixMilliseconds)_\(id)" }

    init?(text: String) {
        let pieces = text.split(separator: "_")
        guard pieces.count == 2, let milliseconds = Int64(pieces[0]), 0...253_402_300_799_999 ~= milliseconds,
            let id = ViewerSessionID(String(pieces[1]))
        else { return nil }
        self.init(startedAt: WallTime(unixMilliseconds: milliseconds), id: id)
    }
}
