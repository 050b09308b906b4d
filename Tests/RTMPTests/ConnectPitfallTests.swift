import Bytes
import Testing

@testable import RTMP

/// What `docs` list of real encoders: how they connect, call and stop.
@Suite struct ConnectPitfallTests {
    @Test(arguments: [
        AMFValue.object(["app": .string("live")]), .ecmaArray(["app": .string("live")]),
        .typedObject(className: "Connect", ["app": .string("live")]),
        .object(["tcUrl": .string("rtmp://host/live")]), .object(["tcurl": .string("'rtmp://host/live'")]),
        .object(["app": .string("live/"), "tcUrl": .null]), .object([:]), .null,
    ])
    func `connect with an ECMA array, a tcurl in quotes, or nothing at all`(object: AMFValue) throws {
        var conversation = Conversation()
        try conversation.shakeHands()
        try conversation.call("connect", 1, [object])
        #expect(conversation.codes == ["NetConnection.Connect.Success"])
        // Without an application the name has to bring it.
        let hasApplication = object.members.map { !$0.members.isEmpty } == true
        try conversation.call("publish", 2, [.null, .string(hasApplication ? "key" : "live/key")], streamID: 1)
        #expect(conversation.requests.map(\.streamKey.revealed) == ["key"])
    }

    @Test func `connect without any argument`() throws {
        var conversation = Conversation()
        try conversation.shakeHands()
        try conversation.call("connect", 1, [])
        #expect(conversation.codes == ["NetConnection.Connect.Success"])
    }

    @Test func `an application that is not ours is refused at connect, with the right address and without the key`()
        throws
    {
        var conversation = Conversation()
        try conversation.connect(["app": .string("SECRET")])
        #expect(conversation.codes == ["NetConnection.Connect.InvalidApp"])
        #expect(conversation.commands.last?.name == "_error")
        #expect(conversation.lastText.contains("rtmp://host/live/STREAM-KEY"))
        #expect(!conversation.lastText.contains("SECRET"))
        #expect(conversation.closeReasons == [.unknownApplication])
    }

    @Test(arguments: [("", "other/key", CloseReason.unknownApplication), ("live", "", .noStreamKey)])
    func `an address without application or key is refused at publish`(
        application: String, name: String, reason: CloseReason
    ) throws {
        var conversation = Conversation()
        try conversation.connect(["app": .string(application)])
        try conversation.call("publish", 2, [.null, .string(name)], streamID: 1)
        #expect(conversation.codes.last == "NetStream.Publish.BadName")
        #expect(conversation.closeReasons == [reason])
        #expect(conversation.requests.isEmpty)
    }

    @Test func `adobe authentication in the query is ignored: the key decides`() throws {
        var conversation = Conversation()
        try conversation.publish("key", object: ["app": .string("live?authmod=adobe&user=u&challenge=c&response=r")])
        #expect(conversation.requests.map(\.streamKey.revealed) == ["key"])
        #expect(conversation.requests.first?.parameter("user")?.revealed == "u")
    }

    @Test func `AMF3 clients send envelopes of type 17 and 15`() throws {
        var conversation = Conversation()
        try conversation.shakeHands()
        func envelope(_ type: UInt8, _ values: [AMFValue]) -> RawMessage {
            RawMessage(type: type, streamID: 1, payload: Samples.join([0], AMF0Writer.bytes(of: values)))
        }
        let object: AMFValue = .object(["app": .string("live"), "objectEncoding": .number(3)])
        try conversation.send(envelope(17, [.string("connect"), .number(1), object]))
        #expect(conversation.commands.first?.argument(0)?.members?["objectEncoding"] == .number(3))
        try conversation.send(envelope(17, [.string("publish"), .number(2), .null, .string("key")]))
        conversation.session.accept()
        try conversation.send(envelope(15, [.string("onMetaData"), .object(["width": .number(64)])]))
        #expect(conversation.requests.count == 1)
        #expect(conversation.metadata.map(\.width) == [64])
    }

    @Test func `E-RTMP capabilities are read, and answered with what is really supported`() throws {
        var conversation = Conversation()
        try conversation.connect([
            "app": .string("live"), "fourCcList": .strictArray([.string("*")]),
            "videoFourCcInfoMap": .object(["hvc1": .number(7), "avc1": .number(7)]),
            "audioFourCcInfoMap": .object(["*": .number(4)]), "capsEx": .number(15),
        ])
        guard case .connected(let information) = conversation.events.first else {
            Issue.record("not connected")
            return
        }
        #expect(information.capabilities.codecs == ["*", "hvc1", "avc1"])
        #expect(information.capabilities.extensions.contains([.reconnect, .multitrack]))
        for members in [conversation.commands.first?.object, conversation.commands.first?.argument(0)?.members] {
            #expect(members?["fourCcList"] == .strictArray([.string("avc1"), .string("mp4a")]))
            #expect(members?["videoFourCcInfoMap"] == .object(["avc1": .number(4)]))
            #expect(members?["audioFourCcInfoMap"] == .object(["mp4a": .number(4)]))
            #expect(members?["capsEx"] == .number(1))
        }
        var plain = Conversation()
        try plain.connect()
        #expect(plain.commands.first?.object?["capsEx"] == nil)
    }

    @Test(arguments: [-1, 1e300, .nan, .infinity] as [Double])
    func `a capsEx that is no bit set counts as none`(value: Double) throws {
        var conversation = Conversation()
        try conversation.connect(["app": .string("live"), "capsEx": .number(value)])
        #expect(conversation.codes == ["NetConnection.Connect.Success"])
    }

    @Test(arguments: [
        ["releaseStream", "FCPublish", "createStream"], ["createStream", "FCPublish"], ["createStream"], [],
        ["createStream", "createStream", "createStream", "FCPublish", "releaseStream"], ["_checkbw", "createStream"],
    ])
    func `calls before publish come in any order and number`(names: [String]) throws {
        var conversation = Conversation()
        try conversation.connect()
        for (index, name) in names.enumerated() {
            let transaction = Double(index + 2)
            try conversation.call(name, transaction, [.null, .string("key")])
            #expect(
                conversation.answers(to: transaction).map(\.name) == [name == "FCPublish" ? "onFCPublish" : "_result"])
        }
        try conversation.call("publish", 20, [.null, .string("key"), .string("live")], streamID: 1)
        conversation.session.accept()
        conversation.collect()
        #expect(conversation.codes.last == "NetStream.Publish.Start")
        // FMLE's own order: onFCPublish says that publishing may begin.
        let starts = conversation.commands.filter {
            $0.argument(0)?.members?["code"]?.text == "NetStream.Publish.Start"
        }
        #expect(starts.map(\.name) == (names.contains("FCPublish") ? ["onFCPublish", "onStatus"] : ["onStatus"]))
    }

    @Test func `each createStream gets a number of its own, up to a limit`() throws {
        var conversation = Conversation()
        try conversation.connect()
        for index in 1...32 { try conversation.call("createStream", Double(index + 1), [.null]) }
        #expect(conversation.answers(to: 33).first?.argument(0) == .number(32))
        do {
            try conversation.call("createStream", 40, [.null])
            Issue.record("one too many")
        } catch {
            #expect(error as? RTMPFailure == .tooManyMessageStreams(limit: 32))
        }
    }

    @Test(arguments: ["_checkbw", "getStreamLength", "setPeerInfo", "anything"])
    func `an unknown call gets an empty result, unless it wants none`(name: String) throws {
        var conversation = Conversation()
        try conversation.connect()
        try conversation.call(name, 7, [.null])
        #expect(conversation.answers(to: 7) == [Command(name: "_result", transactionID: 7, values: [.null, .null])])
        let count = conversation.commands.count
        try conversation.call(name, 0, [.null])
        for answer in ["_result", "_error", "onStatus"] { try conversation.call(answer, 5, [.null]) }
        #expect(conversation.commands.count == count)
    }

    @Test(arguments: [[], [.string("live")], [.string("record")], [.string("append")], [.number(3)]] as [[AMFValue]])
    func `publish without a type, or with any, is live`(type: [AMFValue]) throws {
        var conversation = Conversation()
        try conversation.connect()
        try conversation.call("publish", 0, [.null, .string("key")] + type, streamID: 1)
        #expect(conversation.requests.count == 1)
    }

    @Test(arguments: [
        ["FCUnpublish", "deleteStream"], ["deleteStream", "FCUnpublish"],
        ["FCUnpublish", "closeStream", "deleteStream"],
        ["closeStream"], ["deleteStream"], ["deleteStream", "deleteStream", "FCUnpublish", "FCUnpublish"],
    ])
    func `a publication ends once, whatever the encoder says and how often`(names: [String]) throws {
        var conversation = Conversation()
        try conversation.beginPublishing()
        for name in names {
            try conversation.call(name, 0, [.null, name == "deleteStream" ? .number(1) : .string("key")])
        }
        #expect(conversation.ends == [.unpublished])
        #expect(conversation.closeReasons.isEmpty)
        try conversation.sendVideo(Samples.videoHeader())
        try conversation.sendVideo(Samples.keyframe)
        #expect(conversation.frames.isEmpty)
        // The connection can be used again.
        try conversation.call("publish", 9, [.null, .string("other")], streamID: 1)
        #expect(conversation.requests.map(\.streamKey.revealed) == ["key", "other"])
    }

    @Test func `deleting another stream than the published one changes nothing`() throws {
        var conversation = Conversation()
        try conversation.connect()
        for transaction in [2.0, 3] { try conversation.call("createStream", transaction, [.null]) }
        try conversation.call("publish", 4, [.null, .string("key")], streamID: 2)
        conversation.session.accept()
        try conversation.call("deleteStream", 0, [.null, .number(1)])
        #expect(conversation.ends.isEmpty)
        try conversation.call("deleteStream", 0, [.null, .number(2)])
        #expect(conversation.ends == [.unpublished])
    }

    @Test func `an encoder that gives up before the answer is no longer asked for`() throws {
        var conversation = Conversation()
        try conversation.publish()
        try conversation.call("deleteStream", 0, [.null, .number(1)])
        #expect(conversation.ends == [.unpublished])
        conversation.session.accept()
        conversation.collect()
        #expect(!conversation.codes.contains("NetStream.Publish.Start"))
    }

    @Test func `a second publish on the connection is refused and the first goes on`() throws {
        var conversation = Conversation()
        try conversation.beginPublishing()
        try conversation.call("publish", 9, [.null, .string("other")], streamID: 2)
        #expect(conversation.codes.last == "NetStream.Publish.BadName")
        #expect(conversation.messages.last?.streamID == 2)
        #expect(conversation.requests.count == 1)
        try conversation.sendVideo(Samples.videoHeader())
        try conversation.sendVideo(Samples.keyframe)
        #expect(conversation.frames.count == 1)
    }

    @Test func `a second connect is refused and the first goes on`() throws {
        var conversation = Conversation()
        try conversation.beginPublishing()
        try conversation.call("connect", 9, [.object(["app": .string("live")])])
        #expect(conversation.answers(to: 9).first?.name == "_error")
        #expect(conversation.closeReasons.isEmpty)
    }

    @Test func `a command before connect is refused`() throws {
        var conversation = Conversation()
        try conversation.shakeHands()
        do {
            try conversation.call("publish", 1, [.null, .string("key")])
            Issue.record("published without connect")
        } catch {
            #expect(error as? RTMPFailure == .commandBeforeConnect)
        }
    }

    @Test(arguments: ["play", "play2"]) func `play is refused with a status`(name: String) throws {
        var conversation = Conversation()
        try conversation.connect()
        try conversation.call(name, 4, [.null, .string("key")], streamID: 1)
        #expect(conversation.codes.last == "NetStream.Play.Failed")
        #expect(conversation.closeReasons == [.playRefused])
    }

    @Test func `a ping is answered with its own four bytes, at any time after the handshake`() throws {
        var conversation = Conversation()
        try conversation.shakeHands()
        try conversation.send(UserControl.pingRequest(0xCAFE_BABE).message, on: 2)
        #expect(conversation.messages == [UserControl.pingResponse(0xCAFE_BABE).message])
    }

    @Test func `a silent peer is pinged once, and not thrown out`() throws {
        var conversation = Conversation()
        try conversation.beginPublishing()
        let before = conversation.messages.count
        for now in stride(from: 0, to: 200_000, by: 10_000) as StrideTo<Int64> {
            conversation.session.tick(nowMilliseconds: now)
        }
        conversation.collect()
        #expect(conversation.messages.dropFirst(before).map(\.type) == [4])
        let silence = conversation.session.silenceMilliseconds(nowMilliseconds: 200_000)
        #expect(silence == 200_000)
        #expect(conversation.closeReasons.isEmpty)
    }

    @Test func `acknowledgements count from the first byte of the handshake`() throws {
        var conversation = Conversation(configuration: ServerConfiguration(windowBytes: 20_000))
        try conversation.beginPublishing()
        for _ in 0..<10 { try conversation.sendVideo(Samples.video(Bytes([UInt8](repeating: 0, count: 5000)))) }
        let counts = conversation.messages.filter { $0.type == 3 }.compactMap { raw -> UInt32? in
            var reader = ByteReader(raw.payload)
            return try? reader.readUInt32()
        }
        #expect(counts.count >= 4)
        #expect(counts.first.map { $0 >= 10_000 && $0 < 16_000 } == true)
        #expect(zip(counts, counts.dropFirst()).allSatisfy { $1 - $0 >= 10_000 && $1 - $0 < 16_000 })
    }

    @Test func `any acknowledgement and any window of the peer are accepted`() throws {
        var conversation = Conversation()
        try conversation.beginPublishing()
        for (type, value) in [(3, 0), (3, 0xFFFF_FFFF), (3, 5), (5, 0), (5, 1), (5, 0xFFFF_FFFF)] as [(UInt8, UInt32)] {
            var payload = ByteWriter()
            payload.write(value)
            try conversation.send(RawMessage(type: type, payload: payload.finish()), on: 2)
        }
        #expect(conversation.closeReasons.isEmpty)
    }

    @Test func `messages of unknown types, shared objects and empty ones are ignored`() throws {
        var conversation = Conversation()
        try conversation.beginPublishing()
        for type in [0, 6, 7, 10, 14, 16, 19, 99, 255] as [UInt8] {
            try conversation.send(RawMessage(type: type, payload: [1, 2, 3, 4, 5]), on: 4)
        }
        for type in 0...255 as ClosedRange<UInt8> {
            try conversation.send(RawMessage(type: type, payload: Bytes()), on: 4)
        }
        for event in [31, 32, 500] as [UInt16] {
            try conversation.send(RawMessage(type: 4, payload: [UInt8(event >> 8), UInt8(event & 255), 0, 0]), on: 2)
        }
        // FFmpeg's timecode: four bytes that begin like a number.
        try conversation.send(RawMessage(type: 18, streamID: 1, payload: [0, 0, 0, 0]), on: 4)
        #expect(conversation.closeReasons.isEmpty)
        #expect(conversation.frames.isEmpty)
    }
}

extension Conversation {
    /// The metadata among the events.
    var metadata: [StreamMetadata] {
        events.compactMap { if case .metadata(let metadata) = $0 { metadata } else { nil } }
    }
}
