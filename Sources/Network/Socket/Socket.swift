internal import CLinux
internal import Glibc

/// Calls on a non-blocking stream socket. The value is a descriptor's number; who holds it closes it once.
struct Socket: Equatable {
    let descriptor: Int32

    static func make(family: Int32) throws(NetworkError) -> Socket {
        guard case .value(let descriptor) = try systemCall("socket", { clinux_stream_socket(family) }) else {
            throw .system(call: "socket", errno: EAGAIN)
        }
        return Socket(descriptor: Int32(descriptor))
    }

    func setOption(_ level: Int32, _ name: Int32, _ value: Int32) throws(NetworkError) {
        var value = value
        _ = try systemCall("setsockopt") {
            unsafe setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    /// The error of a finished connection attempt; 0 when it succeeded.
    var pendingError: Int32 {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &value, &length) == 0 else { return errno }
        return value
    }

    /// The address that the socket is bound to.
    var localAddress: SocketAddress? {
        var storage = sockaddr_storage()
        let status = unsafe withSocketStorage(&storage) { unsafe getsockname(descriptor, $0, $1) }
        return status == 0 ? SocketAddress(storage) : nil
    }

    /// The next waiting connection and where it comes from, or nil when none waits.
    func accept() throws(NetworkError) -> (socket: Socket, peer: SocketAddress?)? {
        var storage = sockaddr_storage()
        let result = try systemCall("accept4") {
            unsafe withSocketStorage(&storage) { unsafe clinux_accept(descriptor, $0, $1) }
        }
        guard case .value(let accepted) = result else { return nil }
        return (Socket(descriptor: Int32(accepted)), SocketAddress(storage))
    }

    /// Receives into `buffer`; 0 means that the peer sends no more.
    @inline(__always) func receive(into buffer: UnsafeMutableRawBufferPointer) throws(NetworkError) -> SystemResult {
        try systemCall("recv") { unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0) }
    }

    func shutdownWrite() {
        // It fails only when the peer has reset the connection, and then there is nothing to shut down.
        _ = Glibc.shutdown(descriptor, Int32(SHUT_WR))
    }

    func close() {
        // Linux frees the descriptor whatever close() returns; a repeated close would hit somebody else's.
        _ = Glibc.close(descriptor)
    }

    private func withSocketStorage(
        _ storage: inout sockaddr_storage,
        _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> Int32 {
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, &length) }
        }
    }
}
