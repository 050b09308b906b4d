import Bytes
import Testing

@testable import RTMP

@Suite struct PublishRequestTests {
    @Test(arguments: [
        ("live", "KEY", "KEY", ""), ("live/", "KEY", "KEY", ""), ("/live", "/KEY/", "KEY", ""),
        ("live", "/KEY", "KEY", ""), ("live//", "//KEY", "KEY", ""), ("live/KEY", "", "KEY", ""),
        ("live/a", "b", "a/b", ""), ("live", "a/b", "a/b", ""), ("", "live/KEY", "KEY", ""),
        ("live", "KEY?token=t&x=1", "KEY", "token=t&x=1"), ("live?token=t", "KEY", "KEY", "token=t"),
        ("live?a=1", "KEY?b=2", "KEY", "a=1&b=2"), ("live", "?user=u&pass=p", "", "user=u&pass=p"),
        ("live?user=u", "", "", "user=u"), ("live", "KEY?sig=a=b/c?&flag", "KEY", "sig=a=b/c&flag="),
        ("live", "K%20Y", "K%20Y", ""), ("live", "KEY?", "KEY", ""),
        ("live?authmod=adobe&user=u", "KEY", "KEY", "authmod=adobe&user=u"),
    ])
    func `addresses become one key and one query`(
        application: String, name: String, key: String, query: String
    ) throws {
        let request = try PublishRequest(application: application, name: name, expected: "live")
        #expect(request.application == "live")
        #expect(request.streamKey.revealed == key)
        #expect(request.query.map { "\($0.name)=\($0.value.revealed)" }.joined(separator: "&") == query)
    }

    @Test(arguments: [("other", "KEY"), ("lives", "KEY"), ("", "KEY"), ("", ""), ("KEY", "live")])
    func `an address below another application is refused`(application: String, name: String) {
        #expect(throws: PublishRequest.Failure.unknownApplication) {
            try PublishRequest(application: application, name: name, expected: "live")
        }
    }

    @Test(arguments: [("live", ""), ("live/", "/"), ("", "live"), ("live?", "?")])
    func `an address with neither key nor query is refused`(application: String, name: String) {
        #expect(throws: PublishRequest.Failure.noStreamKey) {
            try PublishRequest(application: application, name: name, expected: "live")
        }
    }

    @Test func `a stream key does not print, however it is printed`() throws {
        let request = try PublishRequest(application: "live", name: "SECRET?token=HIDDEN", expected: "live")
        var dumped = ""
        dump(request, to: &dumped)
        let event = ServerEvent.publishRequested(request)
        for text in [
            dumped, "\(request)", String(reflecting: request), "\(event)", String(describing: request.query),
            String(reflecting: request.streamKey), "\([request.streamKey])",
        ] {
            #expect(!text.contains("SECRET"))
            #expect(!text.contains("HIDDEN"))
        }
        #expect(request.parameter("token")?.revealed == "HIDDEN")
        #expect(request.parameter("none") == nil)
    }

    @Test(
        arguments: [
            (["app": .string("live")], "live"), (["app": .string("'live'")], "live"),
            (["tcUrl": .string("rtmp://h:1935/live/x?q=1")], "live/x?q=1"),
            (["tcurl": .string("rtmp://h/live")], "live"),
            (["tcUrl": .string("'rtmp://h/live'")], "live"),
            (["app": .string(""), "tcUrl": .string("rtmp://h/live/")], "live/"),
            (["tcUrl": .string("rtmp://h")], ""), (["tcUrl": .string("h/live")], "live"), ([:], ""),
            (["app": .number(5), "tcUrl": .null], ""),
        ] as [(AMFObject, String)])
    func `the application is found in app or tcUrl, however it is spelled`(object: AMFObject, expected: String) {
        #expect(ConnectInformation.application(of: object) == expected)
    }
}

@Suite struct PeerTextTests {
    @Test func `text of the peer cannot forge a line, and is cut`() {
        #expect(String(fromPeer: "OBS\r\nlevel=error\u{7}\u{2028}\u{85}\u{202E}é🎥") == "OBSlevel=erroré🎥")
        #expect(String(fromPeer: String(repeating: "x", count: 1000)).count == 128)
    }
}
