import Bytes
import DeliveryService
import Foundation
import HTTP
import Network

/// Serves the sample segments on loopback until killed, and writes the same bytes under the same paths into a folder,
/// for another server to serve.
func serveSegments(port: UInt16, folder: String) async throws {
    let stage = try await DeliveryStage()
    for sample in stage.samples {
        let file = URL(filePath: folder).appending(path: sample.path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        var content = Data()
        for buffer in sample.buffers { content.append(contentsOf: buffer.array) }
        try content.write(to: file)
    }
    EventLoopGroup.raiseDescriptorLimit()
    let loops = try EventLoopGroup()
    let configuration = HTTPServerConfiguration(host: "127.0.0.1", port: port)
    let server = try HTTPServer(configuration, group: loops, handler: stage.router)
    try await withThrowingTaskGroup { group in
        group.addTask { await server.run() }
        group.addTask { try await stage.service.run() }
        try await stage.announce()
        var lines = "pid \(getpid())\n"
        for sample in stage.samples {
            lines += "\(sample.label) \(sample.byteCount) \(sample.path)\n"
        }
        try FileHandle.standardOutput.write(contentsOf: Data((lines + "ready\n").utf8))
        try await group.waitForAll()
    }
}
