import Foundation
import Testing

/// The rules of the architecture and the house style that a machine can check.
@Suite struct HouseRulesTests {
    /// What each module may import of ours, and of the toolchain and C beside it. SwiftPM does not enforce this.
    static let directions: [String: Set<String>] = [
        "Bytes": [],
        "Media": ["Bytes"],
        "RTMP": ["Bytes", "Media"],
        "Packaging": ["Bytes", "Media"],
        "HTTP": ["Bytes"],
        "StreamingCore": [
            "Bytes", "Media", "Synchronization", "Dispatch", "Foundation", "FoundationEssentials", "Glibc",
        ],
        "Network": ["Bytes", "HTTP", "CLinux", "Glibc", "Synchronization"],
        "HTTPClient": ["Bytes", "CCurl", "Synchronization", "Glibc"],
        "Compression": ["Bytes", "CZlib"],
        "Codecs": ["Bytes", "Media", "CFFmpeg", "Synchronization", "Glibc", "Dispatch"],
        "SQLiteBackend": ["Bytes", "Media", "StreamingCore", "CSQLite", "Synchronization", "Glibc", "Dispatch"],
        "LocalBackend": [
            "Bytes", "Media", "StreamingCore", "Synchronization", "Glibc", "FoundationEssentials", "Dispatch",
        ],
        "PostgresBackend": [
            "Bytes", "Media", "StreamingCore", "CPostgres", "Synchronization", "Glibc", "Dispatch",
        ],
        "RedisBackend": ["Bytes", "StreamingCore", "CHiredis", "Synchronization", "Glibc", "Dispatch"],
        "KafkaBackend": [
            "Bytes", "Media", "HTTP", "HTTPClient", "StreamingCore", "CKafka", "CAvro", "Synchronization", "Glibc",
            "Dispatch",
        ],
        "S3Backend": ["Bytes", "HTTP", "HTTPClient", "StreamingCore", "Synchronization", "Glibc"],
        "IngestService": ["Bytes", "Media", "RTMP", "Network", "StreamingCore", "Synchronization"],
        "TranscodeService": [
            "Bytes", "Media", "Codecs", "Packaging", "StreamingCore", "Synchronization", "Dispatch",
        ],
        "DeliveryService": ["Bytes", "Media", "HTTP", "Compression", "Packaging", "StreamingCore", "Synchronization"],
        "APIService": [
            "Bytes", "HTTP", "HTTPClient", "StreamingCore", "Synchronization", "Foundation", "FoundationEssentials",
        ],
        "Composition": [
            "Bytes", "HTTP", "Network", "Packaging", "StreamingCore", "LocalBackend", "SQLiteBackend",
            "PostgresBackend", "RedisBackend", "KafkaBackend", "S3Backend", "IngestService", "TranscodeService",
            "DeliveryService", "APIService", "Foundation", "Glibc", "Synchronization",
        ],
    ]
    static let pure: Set<String> = ["Bytes", "Media", "RTMP", "Packaging", "HTTP"]

    @Test func `a module imports only what its place allows`() throws {
        for file in try SourceTree.swiftFiles(below: "Sources") {
            let allowed = try #require(Self.directions[file.module], "\(file) is in a module without a place")
            for imported in file.imports {
                #expect(allowed.contains(imported), "\(file) must not import \(imported)")
            }
        }
    }

    @Test func `mains know only Composition`() throws {
        for file in try SourceTree.swiftFiles(below: "services") {
            #expect(file.imports.allSatisfy { $0 == "Composition" }, "\(file) imports \(file.imports)")
            #expect(file.lines.count <= 30, "\(file) is more than a main")
        }
    }

    @Test func `a C module is imported by exactly one Swift module`() throws {
        var users: [String: Set<String>] = [:]
        for file in try SourceTree.swiftFiles(below: "Sources") {
            for name in file.imports where Self.isCModule(name) { users[name, default: []].insert(file.module) }
        }
        #expect(!users.isEmpty)
        for (name, modules) in users { #expect(modules.count == 1, "\(name) is imported by \(modules)") }
    }

    @Test func `pure modules do not wait, lock, print or look at a clock`() throws {
        for file in try SourceTree.swiftFiles(below: "Sources") where Self.pure.contains(file.module) {
            // The router hands a request on to a handler, which may wait; it does nothing else that waits.
            if file.path == "Sources/HTTP/Routing/Router.swift" { continue }
            for (number, line) in file.codeLines {
                for word in ["await ", "Mutex", "print(", "ContinuousClock", "DispatchQueue", "Task {"] {
                    #expect(!line.contains(word), "\(file):\(number) is pure code with \(word)")
                }
            }
        }
    }

    @Test func `unsafe code is only in Bytes and in the modules that wrap C`() throws {
        let allowed: Set<String> = [
            "Bytes", "Network", "SQLiteBackend", "LocalBackend", "Compression", "Codecs", "PostgresBackend",
            "RedisBackend", "KafkaBackend", "S3Backend", "HTTPClient",
        ]
        for file in try SourceTree.swiftFiles(below: "Sources") where !allowed.contains(file.module) {
            for (number, line) in file.codeLines {
                #expect(
                    !line.contains("UnsafeMutable") && !line.contains("UnsafeRaw"), "\(file):\(number) holds a pointer")
            }
        }
    }

    @Test func `nothing that traps or promises without proof stands alone`() throws {
        let proofNeeded = ["@unchecked Sendable", "nonisolated(unsafe)", "try!", "unsafeBitCast", "unowned(unsafe)"]
        for folder in ["Sources", "services"] {
            for file in try SourceTree.swiftFiles(below: folder) {
                for (number, line) in file.codeLines {
                    #expect(!line.contains("fatalError("), "\(file):\(number): fatalError never")
                    for mark in proofNeeded where line.contains(mark) {
                        #expect(
                            file.hasComment(above: number), "\(file):\(number): \(mark) needs a comment that proves it")
                    }
                }
            }
        }
    }

    @Test func `files stay short and lines narrow`() throws {
        for folder in ["Sources", "services", "Tests", "Benchmarks"] {
            for file in try SourceTree.swiftFiles(below: folder) {
                let limit = folder == "Tests" ? 700 : 400
                #expect(file.lines.count <= limit, "\(file) has \(file.lines.count) lines")
                for (index, line) in file.lines.enumerated() where !file.path.contains("Fixtures") {
                    #expect(line.count <= 120, "\(file):\(index + 1) is \(line.count) wide")
                }
            }
        }
    }

    @Test func `names say what a thing is`() throws {
        let banned = ["Manager", "Helper", "Util", "Utils", "Common", "Impl"]
        for file in try SourceTree.swiftFiles(below: "Sources") {
            for (number, line) in file.codeLines {
                guard let name = Self.declaredType(in: line) else { continue }
                for suffix in banned { #expect(!name.hasSuffix(suffix), "\(file):\(number) declares \(name)") }
            }
        }
    }

    @Test func `open ends carry an issue`() throws {
        for folder in ["Sources", "services", "Tests", "Benchmarks", "Fuzz"] {
            for file in try SourceTree.swiftFiles(below: folder) where !file.path.contains("HouseRulesTests") {
                for (index, line) in file.lines.enumerated() {
                    #expect(!line.contains("FIXME"), "\(file):\(index + 1)")
                    if line.contains("TODO") {
                        #expect(line.contains("#"), "\(file):\(index + 1): a TODO names its issue")
                    }
                }
            }
        }
    }

    @Test func `the package has no package dependencies`() throws {
        let manifest = try String(contentsOf: SourceTree.root.appending(path: "Package.swift"), encoding: .utf8)
        #expect(!manifest.contains(".package("))
        #expect(manifest.contains(".treatAllWarnings(as: .error)"))
    }

    @Test func `tests use Swift Testing and never sleep for luck`() throws {
        for file in try SourceTree.swiftFiles(below: "Tests") where !file.path.contains("HouseRulesTests") {
            #expect(!file.imports.contains("XCTest"), "\(file)")
            for (number, line) in file.codeLines where !file.path.contains("TestKit") {
                #expect(!line.contains("Thread.sleep") && !line.contains("usleep("), "\(file):\(number) sleeps")
            }
        }
    }

    private static func isCModule(_ name: String) -> Bool {
        name.hasPrefix("C") && name.dropFirst().first?.isUppercase == true
    }

    private static func declaredType(in line: String) -> Substring? {
        let words = line.split(whereSeparator: { " :<{(".contains($0) })
        for kind in ["class", "struct", "enum", "actor", "protocol"] {
            if let at = words.firstIndex(of: Substring(kind)), at + 1 < words.count { return words[at + 1] }
        }
        return nil
    }
}

extension SourceTree.File {
    /// The lines with their numbers, without comments.
    var codeLines: [(Int, String)] {
        lines.enumerated().compactMap { index, line in
            let code = line.drop { $0 == " " }
            return code.hasPrefix("//") ? nil : (index + 1, line)
        }
    }

    /// Whether a comment stands directly above a line or on it, skipping attributes and further lines of the
    /// declaration.
    func hasComment(above number: Int) -> Bool {
        if lines[number - 1].contains("//") { return true }
        for index in stride(from: number - 2, through: max(0, number - 4), by: -1)
        where lines[index].drop(while: { $0 == " " }).hasPrefix("//") { return true }
        return false
    }
}
