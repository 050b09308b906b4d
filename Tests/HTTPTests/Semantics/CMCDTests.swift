import Bytes
import Testing

@testable import HTTP

@Suite struct CMCDTests {
    private func read(_ list: String) -> CMCD {
        var measurements = CMCD()
        measurements.read(list)
        return measurements
    }

    private func request(query: String = "", _ fields: HTTPFields = HTTPFields()) -> CMCD? {
        CMCD(HTTPRequest(method: .get, path: "/", query: query, fields: fields), marks: fields.clientMarks)
    }

    @Test func `every key is read`() {
        let all = read(
            #"bl=21300,br=3200,bs,cid="faec5fc2",d=4004,dl=18500,mtp=48100,nor="..%2F300kbps%2Ftrack.m4v","#
                + #"nrr="12323-48763",ot=v,pr=1.08,rtp=12000,sf=h,sid="6e2fb550-c457",st=l,su,tb=6000,v=1"#)
        var expected = CMCD()
        expected.bufferMilliseconds = 21_300
        expected.kilobitsPerSecond = 3200
        expected.wasStarved = true
        expected.contentID = "faec5fc2"
        expected.durationMilliseconds = 4004
        expected.deadlineMilliseconds = 18_500
        expected.measuredKilobitsPerSecond = 48_100
        expected.nextObject = "..%2F300kbps%2Ftrack.m4v"
        expected.nextRange = "12323-48763"
        expected.objectType = .video
        expected.playbackRate = 1.08
        expected.requestedKilobitsPerSecond = 12_000
        expected.streamingFormat = .hls
        expected.sessionID = "6e2fb550-c457"
        expected.streamType = .live
        expected.isStartup = true
        expected.topKilobitsPerSecond = 6000
        #expect(all == expected)
    }

    @Test func `the argument of a query and the fields of a header say the same`() {
        let argument = request(query: "_HLS_msn=3&CMCD=bs%2Cot%3Dav%2Csid%3D%22a%20b%2Cc%22&x=1")
        let header = request(["CMCD-Status": "bs", "cmcd-object": "ot=av", "CMCD-Session": #"sid="a b,c""#])
        #expect(argument == header)
        #expect(argument?.sessionID == "a b,c")
        #expect(argument?.objectType == .muxed)
        #expect(argument?.wasStarved == true)
    }

    @Test func `a request without any tells nothing`() {
        #expect(request() == nil)
        #expect(request(query: "_HLS_msn=3&xCMCD=bs&CMC=1&cmcd=bs&CMCD") == nil)
        #expect(request(["cmcd": "bs", "cmcd-requests": "su"]) == nil)
        #expect(request(query: "CMCD=") == CMCD())
    }

    @Test(arguments: [
        "bl=-1", "bl=1.5", "bl=99999999999", "bl=abc", "bl", "bl=\"5\"", "bs=1", "bs=\"true\"", "ot=xx", "ot=",
        "ot=\"v\"", "pr=-1", "pr=1e9", "pr=nan", "pr=1.2.3", "sf=hls", "sid", "sid=", "sid=\"\"",
        "sid=\"\u{7}\"", "sid=\"ä\"", "st=x", "v=0", "v=1000", "=", "===", ",,,", "\"", "sid=\"abc\\", "bsx", "BS",
        "unknown=1,other", "com.example-key=\"x\"",
    ])
    func `what is none of its key's is passed over`(list: String) {
        let found = read(list)
        if list == "sid=\"abc\\" {
            #expect(found.sessionID?.hasPrefix("abc") ?? true)
        } else {
            #expect(found == CMCD())
        }
        // What stands behind it is read all the same, unless a quote is open.
        if !list.contains("\"") || list.hasSuffix("\"") && list != "\"" {
            #expect(read(list + ",br=7").kilobitsPerSecond == 7, "\(list)")
        }
    }

    @Test func `a text has its escapes undone and its length bounded`() {
        #expect(read(#"sid="a\"b\\c",br=1"#).sessionID == #"a"b\c"#)
        #expect(read(#"sid="a\"b\\c",br=1"#).kilobitsPerSecond == 1)
        let longest = String(repeating: "s", count: CMCD.sessionBytesMax)
        #expect(read("sid=\"\(longest)\"").sessionID == longest)
        #expect(read("sid=\"\(longest)s\"").sessionID == nil)
    }

    @Test func `of a list that is too long, the beginning is read`() {
        let many = (0..<1000).map { "x\($0)=1" }.joined(separator: ",")
        #expect(read("br=5," + many).kilobitsPerSecond == 5)
        #expect(read(many + ",br=5").kilobitsPerSecond == nil)
        #expect(read(String(repeating: ",", count: CMCD.bytesMax) + "br=5").kilobitsPerSecond == nil)
    }

    @Test func `any bytes are read without harm`() {
        var state: UInt64 = 7
        let letters = Array("blsuotcid=\",\\%2C 019.-\u{e9}".utf8)
        for _ in 0..<3000 {
            var bytes: [UInt8] = []
            for _ in 0..<(Int(state >> 40) % 60) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes.append(letters[Int(state >> 33) % letters.count])
            }
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let text = String(decoding: bytes, as: UTF8.self)
            _ = read(text)
            _ = request(query: "CMCD=" + text)
        }
    }
}
