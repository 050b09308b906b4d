internal import Bytes

extension HTTPFields {
    /// Whether a field may be there that makes a condition or asks for a range: `If-...` or `Range`. One walk over the
    /// fields instead of one for each of the six names, for most requests have none of them.
    var mayLimitResponse: Bool {
        for line in lines {
            switch line.name.count {
            // Range
            case 5: if head[line.name.lowerBound].lowercasedASCII == 0x72 { return true }
            // If-Match, If-Range, If-None-Match, If-Modified-Since, If-Unmodified-Since
            case 8, 13, 17, 19: if head[line.name.lowerBound].lowercasedASCII == 0x69 { return true }
            default: continue
            }
        }
        return !added.isEmpty
    }
}
