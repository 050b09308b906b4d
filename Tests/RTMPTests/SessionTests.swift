import Bytes
import Media
import Testing

@testable import RTMP

@Suite struct SessionTests {
    /// A client and a server session that pass bytes to each other in pieces of one size.
    static func run(_ script: PublishScript, frames: [EncoderFrame], pieceSize: Int) throws -> (
        frames: [EncoderFrame], events: [String]
    ) {
        var client = ClientSession(script, seed: 1)
        var server = ServerSession(seed: 2)
        var received: [EncoderFrame] = []
        var events: [String] = []
        var isDone = false
        while true {
            let toServer = client.takeOutput()
            for bytes in toServer {
                for piece in pieces(of: bytes, size: pieceSize) { try server.receive(piece) }
            }
            while let event = server.nextEvent() {
                switch event {
                case .connected(let information): events.append("connected \(information.encoder)")
                case .publishRequested(let request):
                    events.append("publish \(request.streamKey.revealed)")
                    server.accept()
                case .metadata(let metadata): events.append("metadata \(metadata.width ?? 0)")
                case .frame(let frame): received.append(frame)
                case .publishEnded(let end): events.append("ended \(end)")
                case .closeNeeded(let reason): events.append("close \(reason)")
                }
            }
            let toClient = server.takeOutput()
            for bytes in toClient {
                for piece in pieces(of: bytes, size: pieceSize) { try client.receive(piece) }
            }
            while let event = client.nextEvent() {
                guard event == .publishStarted else { continue }
                client.sendMetadata(["width": .number(320)])
                for frame in frames { client.send(frame) }
                client.close()
                isDone = true
            }
            if toServer.isEmpty && toClient.isEmpty { break }
        }
        #expect(isDone)
        return (received, events)
    }

    static func someFrames() throws -> [EncoderFrame] {
        let video = Track(
            .avc(try AVCConfiguration(sequenceParameterSets: [Samples.sps], pictureParameterSets: [Samples.pps])))
        let audio = Track(.aac(try AACConfiguration(specificConfig: Samples.aacConfiguration)))
        var random = SeededGenerator(11)
        var frames: [EncoderFrame] = []
        for index in 0..<40 {
            let isKey = index % 10 == 0
            let filler = random.bytes(isKey ? 20_000 : 300)
            let unit = Samples.join(isKey ? Samples.idr : Samples.slice, filler)
            frames.append(
                EncoderFrame(
                    track: video, timestampMilliseconds: UInt32(index * 40),
                    compositionOffsetMilliseconds: Int32(index % 3) * 40 - 40, isKeyframe: isKey,
                    payload: Samples.units([unit])))
            frames.append(
                EncoderFrame(
                    track: audio, timestampMilliseconds: UInt32(index * 40 + 7), isKeyframe: true,
                    payload: Samples.join([0x21], random.bytes(200))))
        }
        return frames
    }

    static func expectFailure(_ conversation: inout Conversation, _ bytes: Bytes) throws {
        do {
            try conversation.receive(bytes)
            Issue.record("the session read bytes that it must refuse")
        } catch is RTMPFailure {}
    }

    /// Every way of cutting the stream must give the same events.
    @Test(arguments: [1, 2, 3, 7, 64, 1000, 1537, 4096, 65_536, 1 << 20])
    func `what a publisher sends arrives, however the network cuts it`(size: Int) throws {
        let frames = try Self.someFrames()
        let (received, events) = try Self.run(PublishScript(name: "k?token=1"), frames: frames, pieceSize: size)
        #expect(received.count == frames.count)
        for (sent, got) in zip(frames, received) {
            #expect(got.payload == sent.payload)
            #expect(got.timestampMilliseconds == sent.timestampMilliseconds)
            #expect(got.compositionOffsetMilliseconds == sent.compositionOffsetMilliseconds)
            #expect(got.isKeyframe == sent.isKeyframe)
            #expect(got.track.configuration == sent.track.configuration)
        }
        #expect(
            events == [
                "connected FMLE/3.0 (compatible; Sluice)", "publish k", "metadata 320", "ended unpublished",
            ])
    }

    @Test(arguments: [1, 100, 128, 65_536] as [UInt32])
    func `every chunk size gives the same frames`(chunkBytes: UInt32) throws {
        let frames = try Self.someFrames()
        var script = PublishScript(name: "key")
        script.chunkBytes = chunkBytes
        script.callsFCPublish = false
        script.publishType = nil
        let (received, _) = try Self.run(script, frames: frames, pieceSize: 5000)
        #expect(received.map(\.payload) == frames.map(\.payload))
    }

    @Test func `window, bandwidth and chunk size come before the answer to connect`() throws {
        var conversation = Conversation()
        try conversation.connect()
        // SetChunkSize, in third place, ends in the reader: the answer behind it is longer than 128 bytes.
        #expect(conversation.messages.map(\.type) == [5, 6, 20])
        #expect(conversation.commands.first?.name == "_result")
        #expect(conversation.commands.first?.transactionID == 1)
        #expect(conversation.codes == ["NetConnection.Connect.Success"])
    }

    @Test func `nothing says that publishing started before the shell accepts`() throws {
        var conversation = Conversation()
        try conversation.connect()
        try conversation.call("FCPublish", 9, [.null, .string("key")])
        try conversation.call("createStream", 2, [.null])
        try conversation.call("publish", 3, [.null, .string("key"), .string("live")], streamID: 1)
        #expect(conversation.requests.map(\.streamKey.revealed) == ["key"])
        #expect(!conversation.codes.contains("NetStream.Publish.Start"))
        conversation.session.accept()
        conversation.collect()
        #expect(conversation.codes.last == "NetStream.Publish.Start")
        #expect(conversation.commands.last?.name == "onStatus")
        #expect(conversation.messages.last?.streamID == 1)
        let isPublishing = conversation.session.isPublishing
        #expect(isPublishing)
    }

    @Test(arguments: [
        (PublishRejection.badName, "NetStream.Publish.BadName"), (.denied, "NetStream.Publish.Denied"),
        (.alreadyPublishing, "NetStream.Publish.BadName"), (.unavailable, "NetStream.Publish.Failed"),
    ])
    func `a rejected encoder reads why, then is closed`(reason: PublishRejection, code: String) throws {
        var conversation = Conversation()
        try conversation.publish("SECRET")
        conversation.session.reject(reason)
        conversation.collect()
        #expect(conversation.codes.last == code)
        #expect(conversation.commands.last?.argument(0)?.members?["level"] == .string("error"))
        #expect(!conversation.lastText.contains("SECRET"))
        #expect(conversation.closeReasons == [.rejected(reason)])
        try conversation.sendVideo(Samples.keyframe)
        conversation.session.accept()
        conversation.collect()
        #expect(conversation.codes.last == code)
    }

    @Test(arguments: [
        (ServerStop.idle, "NetStream.Publish.Idle"), (.takenOver, "NetStream.Publish.BadName"),
        (.revoked, "NetStream.Publish.Denied"), (.shutDown, "NetStream.Unpublish.Success"),
    ])
    func `the server can end a publication`(stop: ServerStop, code: String) throws {
        var conversation = Conversation()
        try conversation.beginPublishing()
        conversation.session.end(stop)
        conversation.session.end(stop)
        conversation.collect()
        #expect(conversation.codes.last == code)
        #expect(conversation.ends == [.stopped(stop)])
        #expect(conversation.closeReasons == [.stopped(stop)])
    }

    @Test func `only an encoder that can reconnect is asked to`() throws {
        var plain = Conversation()
        try plain.beginPublishing()
        let isAsked = plain.session.requestReconnect()
        #expect(!isAsked)
        var enhanced = Conversation()
        try enhanced.beginPublishing(object: ["app": .string("live"), "capsEx": .number(1)])
        let asked = enhanced.session.requestReconnect(to: "rtmp://other/live")
        #expect(asked)
        enhanced.collect()
        #expect(enhanced.codes.last == "NetConnection.Connect.ReconnectRequest")
        #expect(enhanced.commands.last?.argument(0)?.members?["tcUrl"] == .string("rtmp://other/live"))
        #expect(enhanced.messages.last?.streamID == 0)
        #expect(enhanced.closeReasons.isEmpty)
    }

    @Test func `a client session learns of refusals and reconnect requests`() throws {
        var script = PublishScript(name: "key")
        script.extensions = .reconnect
        var client = ClientSession(script, seed: 1)
        var server = ServerSession(seed: 2)
        func pump(_ client: inout ClientSession, _ server: inout ServerSession) throws {
            for _ in 0..<8 {
                for bytes in client.takeOutput() { try server.receive(bytes) }
                while let event = server.nextEvent() { if case .publishRequested = event { server.accept() } }
                for bytes in server.takeOutput() { try client.receive(bytes) }
            }
        }
        try pump(&client, &server)
        let asked = server.requestReconnect(to: "rtmp://b/live")
        #expect(asked)
        server.end(.shutDown)
        try pump(&client, &server)
        var events: [ClientEvent] = []
        while let event = client.nextEvent() { events.append(event) }
        #expect(
            events == [
                .publishStarted, .reconnectRequested(url: "rtmp://b/live"),
                .ended(code: "NetStream.Unpublish.Success"),
            ])
    }

    @Test func `a peer that was refused throws at the client`() throws {
        var client = ClientSession(PublishScript(name: "key"), seed: 1)
        var server = ServerSession(seed: 2)
        #expect(throws: RTMPFailure.refused(code: "NetStream.Publish.Denied")) {
            for _ in 0..<8 {
                for bytes in client.takeOutput() { try server.receive(bytes) }
                while let event = server.nextEvent() { if case .publishRequested = event { server.reject(.denied) } }
                for bytes in server.takeOutput() { try client.receive(bytes) }
            }
        }
    }

    @Test func `media before the answer is held and comes after it`() throws {
        var conversation = Conversation()
        try conversation.publish()
        try conversation.sendVideo(Samples.videoHeader())
        try conversation.sendVideo(Samples.keyframe)
        try conversation.sendVideo(Samples.interframe, at: 40)
        #expect(conversation.frames.isEmpty)
        conversation.session.accept()
        conversation.collect()
        #expect(conversation.frames.map(\.isKeyframe) == [true, false])
    }

    @Test func `too much media before the answer is dropped up to a keyframe`() throws {
        var conversation = Conversation()
        try conversation.publish()
        try conversation.sendVideo(Samples.videoHeader())
        try conversation.sendVideo(Samples.keyframe)
        let big = Samples.join(Samples.slice, Bytes([UInt8](repeating: 0xAA, count: 100_000)))
        for _ in 0..<30 { try conversation.sendVideo(Samples.video(Samples.units([big]))) }
        conversation.session.accept()
        conversation.collect()
        #expect(conversation.frames.isEmpty)
        try conversation.sendVideo(Samples.interframe)
        #expect(conversation.frames.isEmpty)
        try conversation.sendVideo(Samples.keyframe)
        #expect(conversation.frames.map(\.isKeyframe) == [true])
    }

    @Test func `a peer that only asks is cut off before its answers fill the memory`() throws {
        var conversation = Conversation()
        try conversation.connect()
        var flood = ByteWriter()
        var writer = ChunkWriter()
        let command = Command(name: "x", transactionID: 5, values: []).message()
        for _ in 0..<60_000 { writer.write(command, on: 3, into: &flood) }
        let bytes = flood.finish()
        try Self.expectFailure(&conversation, bytes)
    }

    @Test func `after a failure nothing is read`() throws {
        var conversation = Conversation()
        try conversation.connect()
        try Self.expectFailure(&conversation, [0xC7, 0xC7])
        try conversation.call("createStream", 2, [.null])
        #expect(conversation.answers(to: 2).isEmpty)
    }

    @Test func `damaged sessions fail or go on, and never trap`() throws {
        let frames = Array(try Self.someFrames().prefix(12))
        var client = ClientSession(PublishScript(name: "key"), seed: 1)
        var model = ServerSession(seed: 2)
        var wire = ByteWriter()
        for _ in 0..<8 {
            for bytes in client.takeOutput() {
                wire.write(bytes)
                try model.receive(bytes)
            }
            while let event = model.nextEvent() { if case .publishRequested = event { model.accept() } }
            for bytes in model.takeOutput() { try client.receive(bytes) }
            while let event = client.nextEvent() {
                if event == .publishStarted { for frame in frames { client.send(frame) } }
            }
        }
        let good = wire.finish().array
        var random = SeededGenerator(99)
        var failures = 0
        for _ in 0..<300 {
            var bad = good
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let at = Int.random(in: 3073..<bad.count, using: &random)
                bad[at] = UInt8.random(in: 0...255, using: &random)
            }
            bad.removeLast(Int.random(in: 0..<1000, using: &random))
            var server = ServerSession(seed: 3)
            do {
                for piece in pieces(of: Bytes(bad), size: 4096) {
                    try server.receive(piece)
                    while let event = server.nextEvent() { if case .publishRequested = event { server.accept() } }
                    _ = server.takeOutput()
                }
            } catch {
                failures += 1
            }
        }
        #expect(failures > 0)
    }
}
