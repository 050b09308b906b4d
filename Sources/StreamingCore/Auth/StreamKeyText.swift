public import Bytes

extension StreamKey {
    /// A fresh key: 160 random bits in 32 characters that survive being typed, read aloud and put in a URL.
    public static func makeText() -> Secret {
        let alphabet = Array("abcdefghijkmnopqrstuvwxyz23456789".utf8.prefix(32))
        let characters = (0..<32).map { _ in alphabet[Int.random(in: 0..<alphabet.count)] }
        return Secret(String(decoding: characters, as: UTF8.self))
    }

    /// What is stored of a key's text.
    ///
    /// A plain digest is enough, because the text has 160 random bits: there is nothing to guess or to look up.
    public static func digest(of text: Secret) -> Bytes { SHA256.hash(Bytes(utf8: text.reveal())) }
}
