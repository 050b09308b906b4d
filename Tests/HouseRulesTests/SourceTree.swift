import Foundation

/// The project's files as text, for tests that hold rules against them.
struct SourceTree {
    struct File: CustomStringConvertible {
        /// Relative to the checkout: `Sources/RTMP/Chunk/ChunkReader.swift`.
        let path: String
        let lines: [String]
        var description: String { path }
        /// The module that a file under `Sources/` belongs to.
        var module: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
        /// The modules that it imports.
        var imports: [String] {
            lines.compactMap { line in
                let words = line.split(separator: " ")
                guard let at = words.firstIndex(of: "import"), at <= 2, at + 1 < words.count,
                    words[..<at].allSatisfy({ $0 == "public" || $0.hasPrefix("@") })
                else { return nil }
                return words[at + 1].split(separator: ".").first.map(String.init)
            }
        }
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The Swift files below a folder of the checkout.
    static func swiftFiles(below folder: String) throws -> [File] {
        let base = root.appending(path: folder)
        guard let walker = FileManager.default.enumerator(atPath: base.path) else { return [] }
        return try walker.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.sorted().map { name in
            let text = try String(contentsOf: base.appending(path: name), encoding: .utf8)
            return File(path: folder + "/" + name, lines: text.components(separatedBy: "\n"))
        }
    }
}
