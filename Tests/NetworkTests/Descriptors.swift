import Glibc
@testable import Network

/// The open descriptors of this process.
enum Descriptors {
    static var count: Int {
        guard let directory = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        return count
    }
}

/// What the process holds in memory.
enum ResidentMemory {
    /// In bytes.
    static var current: Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }
}

extension Socket {
    /// Makes the next close a reset, as a crashed or killed peer's is.
    func setLingerToReset() throws {
        var value = linger(l_onoff: 1, l_linger: 0)
        let status = setsockopt(
            descriptor, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
        if status != 0 { throw NetworkError.system(call: "setsockopt", errno: errno) }
    }
}
