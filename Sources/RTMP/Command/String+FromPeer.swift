extension String {
    /// Text of the peer as it may be shown and logged: no control characters, which could forge lines, and at most
    /// `RTMPLimits.textCharactersMax` characters.
    init(fromPeer text: String) {
        let shown = text.unicodeScalars.lazy.filter { !$0.properties.isDefaultIgnorableCodePoint && !$0.isControl }
        self = String(String.UnicodeScalarView(shown.prefix(RTMPLimits.textCharactersMax)))
    }
}

extension Unicode.Scalar {
    /// C0, DEL, C1 and the separators of lines and paragraphs.
    fileprivate var isControl: Bool {
        value < 0x20 || (0x7F...0x9F).contains(value) || value == 0x2028 || value == 0x2029
    }
}
