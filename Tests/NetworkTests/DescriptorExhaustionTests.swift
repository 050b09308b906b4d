import Bytes
import Glibc
import Network
import Testing

extension NetworkTests {
    @Suite struct DescriptorExhaustionTests {
        /// In a process of its own, because it takes all descriptors away.
        @Test func `without descriptors connections are closed, and accepted again when there are some`() async {
            await #expect(processExitsWith: .success) {
                let refused = Recorder<Bool>()
                let report: NetworkEventHook = { event in
                    if case .refused(_, .descriptorsExhausted) = event { refused.record(true) }
                }
                try await Loopback.listening(report: report, serve: TCPConnectionTests.echo) { listener in
                    let address = listener.address
                    try await Loopback.connected(to: address) { connection in
                        try await connection.write(Bytes([1]))
                        _ = try await connection.read()
                    }
                    try await Loopback.eventually { listener.connectionCount == 0 }
                    // One descriptor for the client's end and none for the server's.
                    var hoard: [Int32] = []
                    var limit = rlimit(rlim_cur: 128, rlim_max: 128)
                    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                    while case let descriptor = dup(0), descriptor >= 0 { hoard.append(descriptor) }
                    close(hoard.removeLast())
                    let nothing = try await Loopback.connected(to: address) { try await $0.readToEnd().count }
                    precondition(nothing == 0 && refused.values == [true])
                    for descriptor in hoard { close(descriptor) }
                    let echoed = try await Loopback.connected(to: address) { connection in
                        try await connection.write(Bytes([1]))
                        return try await connection.read()?.count
                    }
                    precondition(echoed == 1)
                }
            }
        }
    }
}
