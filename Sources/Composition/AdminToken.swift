import Foundation
import Glibc
import StreamingCore

/// The API's bearer token of an installation that sets none.
enum AdminToken {
    /// Reads the token that an earlier start made, or makes one. It is kept in a file that only its owner can read.
    static func load(from directory: String) throws -> Secret {
        let path = directory + "/admin-token"
        if let data = FileManager.default.contents(atPath: path) {
            let text = String(decoding: data, as: UTF8.self).filter { !$0.isWhitespace }
            if text.count >= 16 { return Secret(text) }
        }
        let token = StreamKey.makeText()
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path]) }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try file.write(contentsOf: Data((token.reveal() + "\n").utf8))
        return token
    }
}
