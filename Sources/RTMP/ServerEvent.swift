public import Media

/// What a `ServerSession` tells its shell.
public enum ServerEvent: Sendable {
    /// The encoder has introduced itself.
    case connected(ConnectInformation)
    /// The encoder wants to publish: answer with `accept()` or `reject(_:)`.
    case publishRequested(PublishRequest)
    /// The encoder described its stream, maybe again.
    case metadata(StreamMetadata)
    /// An access unit of the accepted publication.
    case frame(EncoderFrame)
    /// The publication is over; another may follow on the same connection.
    case publishEnded(PublishEnd)
    /// Nothing follows: send what `takeOutput()` gives, then close.
    case closeNeeded(CloseReason)
}

/// Why a publication ended.
public enum PublishEnd: Sendable, Equatable {
    /// The encoder said so.
    case unpublished
    /// The stream uses a codec that is not passed on; its name is for people.
    case unsupportedCodec(String)
    /// `end(_:)` was called.
    case stopped(ServerStop)
}

/// Why the session wants the connection closed.
public enum CloseReason: Sendable, Equatable {
    /// The address is not below the configured application.
    case unknownApplication
    /// Neither the address nor the name held a stream key.
    case noStreamKey
    /// The peer wanted to play.
    case playRefused
    /// `reject(_:)` was called.
    case rejected(PublishRejection)
    /// The stream uses a codec that is not passed on; its name is for people.
    case unsupportedCodec(String)
    /// `end(_:)` was called.
    case stopped(ServerStop)
}

/// Why the shell does not let an encoder publish.
public enum PublishRejection: Sendable, Equatable {
    /// No stream has this key.
    case badName
    /// The key is known but must not be used, for example because it was revoked.
    case denied
    /// Another encoder publishes to the stream and may not be replaced.
    case alreadyPublishing
    /// The server cannot take another stream now.
    case unavailable

    var status: StatusInformation {
        switch self {
        case .badName:
            StatusInformation(level: .error, code: .publishBadName, text: "The stream key is not known.")
        case .denied:
            StatusInformation(level: .error, code: .publishDenied, text: "The stream key may not be used.")
        case .alreadyPublishing:
            StatusInformation(
                level: .error, code: .publishBadName, text: "Another encoder is publishing to this stream.")
        case .unavailable:
            StatusInformation(
                level: .error, code: .publishFailed, text: "The server cannot take this stream now; try again later.")
        }
    }
}

/// Why the shell ends a session.
public enum ServerStop: Sendable, Equatable {
    /// No media came for too long.
    case idle
    /// Another connection publishes to the stream now.
    case takenOver
    /// The stream key was revoked or the stream deleted.
    case revoked
    /// The server is going down.
    case shutDown

    var status: StatusInformation {
        switch self {
        case .idle: StatusInformation(level: .status, code: .publishIdle, text: "No media came for too long.")
        case .takenOver:
            StatusInformation(
                level: .error, code: .publishBadName, text: "Another encoder has taken over this stream.")
        case .revoked:
            StatusInformation(level: .error, code: .publishDenied, text: "The stream key may not be used any more.")
        case .shutDown:
            StatusInformation(level: .status, code: .unpublishSuccess, text: "The server is going down.")
        }
    }
}
