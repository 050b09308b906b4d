import Bytes
import HTTP
import Testing

@Suite struct QueryParametersTests {
    @Test func `finds and decodes the first of a name`() {
        let query = QueryParameters("_HLS_msn=12&_HLS_part=3&a=1&a=2&n%61me=a%20b+c%2B&flag&&=x&bad=%zz%4&u=%ff")
        #expect(query["_HLS_msn"] == "12")
        #expect(query.integer("_HLS_part") == 3)
        #expect(query["a"] == "1")
        #expect(query["name"] == "a b c+")
        #expect(query["flag"] == "")
        #expect(query[""] == "x")
        #expect(query["bad"] == "%zz%4")
        #expect(query["u"] == "\u{FFFD}")
        #expect(query["none"] == nil)
        #expect(query.map(\.name) == ["_HLS_msn", "_HLS_part", "a", "a", "name", "flag", "", "bad", "u"])
        #expect(HTTPRequest(method: .get, path: "/", query: "x=y=z").parameters["x"] == "y=z")
    }

    @Test(arguments: ["", "-1", "+1", " 1", "1x", "99999999999999999999", "0x1"])
    func `numbers are digits`(value: String) {
        #expect(QueryParameters("n=\(value)").integer("n") == nil)
    }

    @Test func `looks at so many and no more`() {
        let many = (0..<QueryParameters.countMax).map { "p\($0)=\($0)" }.joined(separator: "&")
        #expect(QueryParameters(many)["p63"] == "63")
        #expect(QueryParameters("x&" + many)["p63"] == nil)
        #expect(QueryParameters("")["x"] == nil)
    }

    @Test func `problems are valid JSON whatever they tell`() {
        let problem = ProblemDocument(
            .conflict, type: "https://sluice.example/p", title: "T\"\\", detail: "a\nb\u{1}</script>é\u{1F600}",
            instance: "/i",
            code: "c")
        #expect(
            problem.json.string == #"{"type":"https://sluice.example/p","title":"T\"\\","status":409,"#
                + #""detail":"a\u000ab\u0001\u003c/script\u003eé😀","instance":"/i","code":"c"}"#)
        let response = problem.response(fields: ["retry-after": "1"])
        #expect(response.status.code == 409)
        #expect(response.fields["cache-control"] == "no-store")
        #expect(response.fields["retry-after"] == "1")
    }
}
