internal import CLinux
internal import Glibc

/// An address and a port: one end of a TCP connection.
public struct SocketAddress: Hashable, Sendable {
    /// The address.
    public var ip: IPAddress
    /// The port; 0 asks the kernel for a free one.
    public var port: UInt16

    public init(ip: IPAddress, port: UInt16) {
        self.ip = ip
        self.port = port
    }

    /// - Parameters:
    ///   - host: A numeric address or `localhost`.
    ///   - port: The port.
    public init(host: String, port: UInt16) throws(NetworkError) {
        self.init(ip: try IPAddress(host), port: port)
    }

    /// Reads what the kernel wrote; nil for a family other than IPv4 and IPv6.
    init?(_ storage: borrowing sockaddr_storage) {
        var copy = copy storage
        switch Int32(copy.ss_family) {
        case AF_INET:
            let v4 = unsafe withUnsafeBytes(of: &copy) { unsafe $0.loadUnaligned(as: sockaddr_in.self) }
            self.init(ip: IPAddress(v4: UInt32(bigEndian: v4.sin_addr.s_addr)), port: UInt16(bigEndian: v4.sin_port))
        case AF_INET6:
            let v6 = unsafe withUnsafeBytes(of: &copy) { unsafe $0.loadUnaligned(as: sockaddr_in6.self) }
            self.init(ip: IPAddress(v6.sin6_addr), port: UInt16(bigEndian: v6.sin6_port))
        default:
            return nil
        }
    }

    /// Lends the address in the form that the socket calls take.
    ///
    /// - Parameter family: `AF_INET` or `AF_INET6`; an IPv4 address on an IPv6 socket is passed in its mapped form.
    func withSocketAddress<Result>(
        family: Int32, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        if family == AF_INET {
            var v4 = sockaddr_in()
            v4.sin_family = sa_family_t(AF_INET)
            v4.sin_port = port.bigEndian
            v4.sin_addr.s_addr = UInt32(truncatingIfNeeded: ip.low).bigEndian
            return unsafe lend(&v4, body)
        }
        var v6 = sockaddr_in6()
        v6.sin6_family = sa_family_t(AF_INET6)
        v6.sin6_port = port.bigEndian
        v6.sin6_addr = ip.v6
        return unsafe lend(&v6, body)
    }

    private func lend<Address, Result>(
        _ address: inout Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        // A `sockaddr` is by design a prefix of each family's own structure.
        unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }
}

extension SocketAddress: CustomStringConvertible {
    /// `192.0.2.1:80` or `[2001:db8::1]:80`.
    public var description: String { ip.isIPv4 ? "\(ip):\(port)" : "[\(ip)]:\(port)" }
}
