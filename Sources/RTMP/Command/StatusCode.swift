/// The status codes that this server sends (RTMP 1.0, 7.2; Enhanced RTMP v2, "Reconnect Request").
enum StatusCode: String {
    case connectSuccess = "NetConnection.Connect.Success"
    case connectRejected = "NetConnection.Connect.Rejected"
    case connectInvalidApp = "NetConnection.Connect.InvalidApp"
    case reconnectRequest = "NetConnection.Connect.ReconnectRequest"
    case publishStart = "NetStream.Publish.Start"
    case publishBadName = "NetStream.Publish.BadName"
    case publishDenied = "NetStream.Publish.Denied"
    case publishFailed = "NetStream.Publish.Failed"
    case publishRejected = "NetStream.Publish.Rejected"
    case publishIdle = "NetStream.Publish.Idle"
    case unpublishSuccess = "NetStream.Unpublish.Success"
    case playFailed = "NetStream.Play.Failed"
    case callFailed = "NetConnection.Call.Failed"
}

/// The information object of an answer or of `onStatus`.
struct StatusInformation {
    enum Level: String {
        case status
        case error
    }

    var level: Level
    var code: StatusCode
    /// A sentence for the person at the encoder; never with a stream key.
    var text: String
    /// Further members.
    var more: [AMFObject.Member] = []

    var value: AMFValue {
        .object(
            AMFObject(
                members: [
                    AMFObject.Member(name: "level", value: .string(level.rawValue)),
                    AMFObject.Member(name: "code", value: .string(code.rawValue)),
                    AMFObject.Member(name: "description", value: .string(text)),
                ] + more))
    }

    /// `onStatus` with this information.
    var command: Command { Command(name: "onStatus", transactionID: 0, values: [.null, value]) }
}
