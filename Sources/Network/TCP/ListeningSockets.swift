internal import CLinux
internal import Glibc

/// Several sockets that listen on the same address.
struct ListeningSockets {
    let sockets: [Socket]
    let address: SocketAddress

    init(host: String?, port: UInt16, count: Int, backlog: Int) throws(NetworkError) {
        let wanted = SocketAddress(
            ip: try host.map { text throws(NetworkError) in try IPAddress(text) } ?? .any, port: port)
        do throws(NetworkError) {
            try self.init(wanted, isDualStack: host == nil, count: count, backlog: backlog)
        } catch {
            // A machine without IPv6 cannot have the dual-stack socket; then every IPv4 address is every address.
            guard host == nil, Self.meansNoIPv6(error) else { throw error }
            try self.init(
                SocketAddress(ip: IPAddress(v4: 0), port: port), isDualStack: false, count: count, backlog: backlog)
        }
    }

    private init(_ wanted: SocketAddress, isDualStack: Bool, count: Int, backlog: Int) throws(NetworkError) {
        // `SO_REUSEPORT` would share the port with another process of the same user without a word. Without it, the
        // kernel says whether anybody listens.
        if wanted.port != 0 { try Self.bound(wanted, isDualStack, sharesPort: false).close() }
        var sockets: [Socket] = []
        var address = wanted
        do throws(NetworkError) {
            for _ in 0..<count {
                let socket = try Self.bound(address, isDualStack, sharesPort: true)
                sockets.append(socket)
                // The first bind chooses the port when it was left open; the others follow it.
                address.port = socket.localAddress?.port ?? address.port
            }
            for socket in sockets {
                _ = try systemCall("listen") { listen(socket.descriptor, Int32(clamping: backlog)) }
            }
        } catch {
            for socket in sockets { socket.close() }
            throw Self.explained(error, address)
        }
        self.sockets = sockets
        self.address = address
    }

    private static func bound(
        _ address: SocketAddress, _ isDualStack: Bool, sharesPort: Bool
    ) throws(NetworkError) -> Socket {
        let family = address.ip.isIPv4 ? AF_INET : AF_INET6
        let socket = try Socket.make(family: family)
        do throws(NetworkError) {
            // A restarted server must not wait for the old connections' TIME_WAIT.
            try socket.setOption(SOL_SOCKET, SO_REUSEADDR, 1)
            if sharesPort { try socket.setOption(SOL_SOCKET, SO_REUSEPORT, 1) }
            if family == AF_INET6 { try socket.setOption(Int32(IPPROTO_IPV6), IPV6_V6ONLY, isDualStack ? 0 : 1) }
            _ = try systemCall("bind") {
                unsafe address.withSocketAddress(family: family) { unsafe bind(socket.descriptor, $0, $1) }
            }
            return socket
        } catch {
            socket.close()
            throw explained(error, address)
        }
    }

    private static func explained(_ error: NetworkError, _ address: SocketAddress) -> NetworkError {
        guard case .system(_, let code) = error else { return error }
        switch code {
        case EADDRINUSE: return .addressInUse(address.description)
        case EADDRNOTAVAIL, EACCES: return .addressNotUsable(address.description, errno: code)
        default: return error
        }
    }

    private static func meansNoIPv6(_ error: NetworkError) -> Bool {
        switch error {
        case .system(_, EAFNOSUPPORT), .addressNotUsable(_, EADDRNOTAVAIL): true
        default: false
        }
    }
}
