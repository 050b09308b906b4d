import HTTP
import StreamingCore

/// The parameters of `GET /streams`.
struct StreamListQuery {
    /// Only these states; all when empty. `?state=active&state=ended`
    var states: Set<StreamState> = []
    /// Only older streams. `?before={id}`
    var before: StreamID?
    var limit = APIRoutes.pageDefault

    init(_ parameters: QueryParameters) throws(APIFailure) {
        for parameter in parameters {
            switch parameter.name {
            case "state":
                guard let state = StreamState(rawValue: parameter.value) else {
                    let words = StreamState.allCases.map(\.rawValue).joined(separator: ", ")
                    throw .invalidParameter(name: "state", reason: "must be one of \(words)")
                }
                states.insert(state)
            case "before":
                guard let id = StreamID(parameter.value) else {
                    throw .invalidParameter(name: "before", reason: "must be a stream's id")
                }
                before = id
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
