import Bytes
import Foundation
import Network

/// Opens connections, fetches a path once on each, and keeps them open until killed: what a server needs for viewers
/// between two segments.
///
/// - Parameter path: `{}` in it stands for the number of the connection, so that each is a viewer of its own:
///   `/hls/STREAM/master.m3u8?session=viewer-{}`.
func holdConnections(_ count: Int, to port: UInt16, path: String) async throws {
    EventLoopGroup.raiseDescriptorLimit()
    let loops = try EventLoopGroup()
    let server = try SocketAddress(host: "127.0.0.1", port: port)
    try await withThrowingTaskGroup { group in
        let (ready, fetched) = AsyncStream<Void>.makeStream()
        for number in 0..<count {
            group.addTask {
                let path = path.replacing("{}", with: String(number))
                let request = Bytes(utf8: "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n")
                try await TCPConnection.withConnection(to: server, on: loops.any()) { connection in
                    try await connection.write(request)
                    guard try await connection.read(before: .never) != nil else { throw NetworkError.connectionClosed }
                    fetched.yield()
                    // What follows of the answer is read too; then this waits for an end that does not come.
                    while try await connection.read(before: .never) != nil {}
                    throw NetworkError.connectionClosed
                }
            }
        }
        group.addTask {
            var open = 0
            for await _ in ready {
                open += 1
                if open == count { try FileHandle.standardOutput.write(contentsOf: Data("ready\n".utf8)) }
            }
        }
        try await group.waitForAll()
    }
}
