import Bytes
import Media

extension ServerSession {
    /// Takes an audio or video message; outside of a publication it is dropped.
    mutating func receiveMedia(_ body: Bytes, isVideo: Bool, timestamp: UInt32) {
        let publication: Publication
        switch state {
        case .pending(let pending): publication = pending
        case .publishing(let live): publication = live
        case .handshaking, .awaitsConnect, .connected, .closed: return
        }
        do throws(FrameAssembler.UnsupportedCodec) {
            let frame =
                if isVideo {
                    try assembler.receiveVideo(body, timestamp: timestamp)
                } else {
                    try assembler.receiveAudio(body, timestamp: timestamp)
                }
            if let frame { deliver(.frame(frame)) }
        } catch {
            refuse(error, of: publication)
        }
    }

    /// Takes a data message. Everything but `onMetaData` is ignored: cue points, captions, encoders' own inventions;
    /// and so is the repetition of what was said, which GStreamer sends several times a second.
    mutating func receiveData(_ values: [AMFValue]) {
        guard let metadata = StreamMetadata(message: values), metadata != lastMetadata else { return }
        lastMetadata = metadata
        switch state {
        case .pending, .publishing: deliver(.metadata(metadata))
        case .handshaking, .awaitsConnect, .connected, .closed: return
        }
    }

    private mutating func deliver(_ event: ServerEvent) {
        guard case .pending = state else {
            events.append(event)
            return
        }
        held.hold(event)
        if held.isOverflown { assembler.requireKeyframe() }
    }

    private mutating func refuse(_ codec: FrameAssembler.UnsupportedCodec, of publication: Publication) {
        let instead =
            switch codec.kind {
            case .video: "H.264"
            case .audio: "AAC"
            }
        send(
            StatusInformation(
                level: .error, code: .publishRejected,
                text: "\(codec.name) is not supported yet: publish \(instead)."), to: publication)
        if isPublishing { events.append(.publishEnded(.unsupportedCodec(codec.name))) }
        close(.unsupportedCodec(codec.name))
    }
}
