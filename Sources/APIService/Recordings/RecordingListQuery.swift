import HTTP
import StreamingCore

/// The parameters of `GET /streams/{id}/recordings`.
struct RecordingListQuery {
    /// The most on a page: each is read from where recordings are kept.
    static let pageMax = 100

    /// Only older recordings. `?before={id}`
    var before: Int64?
    var limit = APIRoutes.pageDefault

    init(_ parameters: QueryParameters) throws(APIFailure) {
        for parameter in parameters {
            switch parameter.name {
            case "before":
                guard let number = RecordedBroadcast.number(inText: parameter.value) else {
                    throw .invalidParameter(name: "before", reason: "must be a recording's id")
                }
                before = number
            case "limit":
                guard let number = Int(parameter.value), (1...Self.pageMax).contains(number) else {
                    throw .invalidParameter(name: "limit", reason: "must be a number from 1 to \(Self.pageMax)")
                }
                limit = number
            default: break
            }
        }
    }
}
