/// The XML documents that are sent.
enum S3Document {
    private static let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

    static func delete(_ keys: [String]) -> String {
        let objects = keys.map { "<Object><Key>\(escaped($0))</Key></Object>" }.joined()
        return "<Delete xmlns=\"\(namespace)\"><Quiet>true</Quiet>\(objects)</Delete>"
    }

    /// Where to make a bucket; nothing at all in the region that is S3's default, which must not be named.
    static func bucket(in region: String) -> String {
        guard region != "us-east-1" else { return "" }
        return "<CreateBucketConfiguration xmlns=\"\(namespace)\"><LocationConstraint>\(escaped(region))"
            + "</LocationConstraint></CreateBucketConfiguration>"
    }

    static func lifecycle(id: String, days: Int) -> String {
        "<LifecycleConfiguration xmlns=\"\(namespace)\"><Rule><ID>\(escaped(id))</ID>"
            + "<Filter><Prefix></Prefix></Filter><Status>Enabled</Status>"
            + "<Expiration><Days>\(days)</Days></Expiration></Rule></LifecycleConfiguration>"
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
