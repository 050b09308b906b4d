public import Bytes

extension StreamKey {
    /// What a key's text is made of: 32 characters that survive being typed, read aloud and put in a URL.
    private static let alphabet = Array("abcdefghijkmnopqrstuvwxyz23456789".utf8.prefix(32))

    /// A fresh key: 160 random bits in 32 characters.
    public static func makeText() -> Secret {
        let characters = (0..<32).map { _ in alphabet[Int.random(in: 0..<alphabet.count)] }
        return Secret(String(decoding: characters, as: UTF8.self))
    }

    /// The key that a digest stands for, which is the same one each time.
    ///
    /// - Parameter digest: 32 bytes or more that nobody can guess; five bits of each count.
    public static func makeText(from digest: Bytes) -> Secret {
        precondition(digest.count >= 32, "a key has 32 characters")
        return Secret(String(decoding: digest.prefix(32).map { alphabet[Int($0 & 31)] }, as: UTF8.self))
    }

    /// What is stored of a key's text.
    ///
    /// A plain digest is enough, because the text has 160 random bits: there is nothing to guess or to look up.
    public static func digest(of text: Secret) -> Bytes { SHA256.hash(Bytes(utf8: text.reveal())) }
}
