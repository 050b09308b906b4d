import Bytes

extension ServerSession {
    /// Takes a command.
    ///
    /// Encoders call in every order and leave out what they like, so only `publish` has conditions. Calls that nobody
    /// knows are answered with an empty result: some encoders wait for one.
    mutating func receive(_ command: Command, streamID: UInt32) throws(RTMPFailure) {
        if case .awaitsConnect = state {
            guard command.name == "connect" else { throw .commandBeforeConnect }
            return connect(command)
        }
        switch command.name {
        case "connect":
            let status = StatusInformation(
                level: .error, code: .callFailed, text: "The connection is already established.")
            send(Command(name: "_error", transactionID: command.transactionID, values: [.null, status.value]))
        case "createStream": try createStream(command)
        case "FCPublish":
            expectsFCPublish = true
            // Some encoders go on only after this answer, with the transaction id of the call.
            send(Command(name: "onFCPublish", transactionID: command.transactionID, values: [.null]))
        case "publish": publish(command, streamID: streamID)
        case "FCUnpublish":
            send(Command(name: "onFCUnpublish", transactionID: command.transactionID, values: [.null]))
            endPublication()
        case "closeStream": endPublication()
        case "deleteStream": deleteStream(command)
        case "play", "play2": refusePlay(streamID: streamID)
        case "_result", "_error", "onStatus": return
        default: answer(command, with: .null)
        }
    }

    private mutating func answer(_ command: Command, with value: AMFValue) {
        guard command.transactionID != 0 else { return }
        send(Command(name: "_result", transactionID: command.transactionID, values: [.null, value]))
    }

    private mutating func connect(_ command: Command) {
        let object = command.object ?? AMFObject()
        application = ConnectInformation.application(of: object)
        guard PublishRequest.isPossible(application: application, expected: configuration.application) else {
            let status = StatusInformation(
                level: .error, code: .connectInvalidApp, text: unknownApplicationText)
            send(Command(name: "_error", transactionID: command.transactionID, values: [.null, status.value]))
            return close(.unknownApplication)
        }
        let information = ConnectInformation(object)
        capabilities = information.capabilities
        state = .connected
        send(number: configuration.windowBytes, type: MessageType.windowAcknowledgementSize)
        sendPeerBandwidth()
        sendChunkSize()
        send(connectResult(to: command, information))
        events.append(.connected(information))
    }

    private var unknownApplicationText: String {
        "The address must be rtmp://host/\(configuration.application)/STREAM-KEY."
    }

    /// SetPeerBandwidth (RTMP 1.0, 5.4.5) with the limit type "dynamic".
    private mutating func sendPeerBandwidth() {
        let dynamic: UInt8 = 2
        var payload = ByteWriter(capacity: 5)
        payload.write(configuration.windowBytes)
        payload.write(dynamic)
        send(RawMessage(type: MessageType.setPeerBandwidth, payload: payload.finish()), on: ChunkStreamID.control)
    }

    private func connectResult(to command: Command, _ information: ConnectInformation) -> Command {
        var properties = AMFObject(members: [
            AMFObject.Member(name: "fmsVer", value: .string("FMS/3,5,7,7009")),
            AMFObject.Member(name: "capabilities", value: .number(31)),
            AMFObject.Member(name: "mode", value: .number(1)),
        ])
        var status = StatusInformation(level: .status, code: .connectSuccess, text: "The connection succeeded.")
        status.more = [
            AMFObject.Member(name: "objectEncoding", value: .number(Double(information.objectEncoding)))
        ]
        // The specification leaves open which of the two objects carries them, and clients differ.
        if information.capabilities.isEnhanced {
            properties.members += PeerCapabilities.ours
            status.more += PeerCapabilities.ours
        }
        return Command(
            name: "_result", transactionID: command.transactionID, values: [.object(properties), status.value])
    }

    private mutating func createStream(_ command: Command) throws(RTMPFailure) {
        messageStreams += 1
        guard messageStreams <= RTMPLimits.messageStreamsMax else {
            throw .tooManyMessageStreams(limit: RTMPLimits.messageStreamsMax)
        }
        answer(command, with: .number(Double(messageStreams)))
    }

    /// The type argument (`live`, `record`, `append`) may be missing and does not matter: everything is live.
    private mutating func publish(_ command: Command, streamID: UInt32) {
        let publication = Publication(streamID: streamID)
        switch state {
        case .handshaking, .awaitsConnect, .closed: return
        case .pending, .publishing:
            send(
                StatusInformation(
                    level: .error, code: .publishBadName, text: "This connection is already publishing a stream."),
                to: publication)
        case .connected:
            let name = command.argument(0)?.text ?? ""
            do throws(PublishRequest.Failure) {
                let request = try PublishRequest(
                    application: application, name: name, expected: configuration.application)
                state = .pending(publication)
                assembler = FrameAssembler()
                lastMetadata = nil
                held = HeldEvents()
                events.append(.publishRequested(request))
            } catch {
                send(
                    StatusInformation(level: .error, code: .publishBadName, text: unknownApplicationText),
                    to: publication)
                switch error {
                case .unknownApplication: close(.unknownApplication)
                case .noStreamKey: close(.noStreamKey)
                }
            }
        }
    }

    /// A stream that was never published, or another than the published one, may go without notice.
    private mutating func deleteStream(_ command: Command) {
        switch state {
        case .pending(let publication), .publishing(let publication):
            let id = command.argument(0)?.number
            // An id that no createStream gave is a mistake for the published one.
            if let id, id != Double(publication.streamID), id >= 1, id <= Double(messageStreams) { return }
            endPublication()
        case .handshaking, .awaitsConnect, .connected, .closed: return
        }
    }

    /// The encoder is done. Encoders say so up to three times, in different words.
    private mutating func endPublication() {
        switch state {
        case .handshaking, .awaitsConnect, .connected, .closed: return
        case .pending(let publication), .publishing(let publication):
            state = .connected
            expectsFCPublish = false
            held = HeldEvents()
            send(
                StatusInformation(
                    level: .status, code: .unpublishSuccess, text: "The stream is not published any more."),
                to: publication)
            // The shell learns of the end even before it has answered, so that it can drop the question.
            events.append(.publishEnded(.unpublished))
        }
    }

    private mutating func refusePlay(streamID: UInt32) {
        send(
            StatusInformation(
                level: .error, code: .playFailed,
                text: "This server does not play over RTMP; it serves HLS and DASH over HTTP."),
            to: Publication(streamID: streamID))
        close(.playRefused)
    }
}
