internal import Glibc

/// An IPv4 or IPv6 address without a port.
///
/// An IPv4 address that arrives over an IPv6 socket (`::ffff:192.0.2.1`) is an IPv4 address here.
public struct IPAddress: Hashable, Sendable {
    /// The 128 bits of an IPv6 address; an IPv4 address stands in the low 32 bits of its mapped form.
    let high: UInt64
    let low: UInt64

    private static let mappedPrefix: UInt64 = 0xFFFF << 32

    /// `::`, which a dual-stack listener binds.
    static let any = IPAddress(high: 0, low: 0)

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// - Parameter v4: The address as a number, `127.0.0.1` being `0x7F000001`.
    init(v4: UInt32) {
        self.init(high: 0, low: Self.mappedPrefix | UInt64(v4))
    }

    /// Whether this is an IPv4 address.
    public var isIPv4: Bool { high == 0 && low & 0xFFFF_FFFF_0000_0000 == Self.mappedPrefix }

    /// Reads a numeric address: `192.0.2.1`, `2001:db8::1`, or `localhost` for `127.0.0.1`.
    public init(_ text: String) throws(NetworkError) {
        var v4 = in_addr()
        var v6 = in6_addr()
        if text == "localhost" {
            self.init(v4: 0x7F00_0001)
        } else if unsafe inet_pton(AF_INET, text, &v4) == 1 {
            self.init(v4: UInt32(bigEndian: v4.s_addr))
        } else if unsafe inet_pton(AF_INET6, text, &v6) == 1 {
            self.init(v6)
        } else {
            throw .addressNotUnderstood(text)
        }
    }

    init(_ v6: in6_addr) {
        let (high, low) = unsafe withUnsafeBytes(of: v6) { bytes in
            unsafe (
                UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
        self.init(high: high, low: low)
    }

    var v6: in6_addr {
        var address = in6_addr()
        unsafe withUnsafeMutableBytes(of: &address) { bytes in
            unsafe bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
            unsafe bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return address
    }

    /// What counts as one peer: the address in IPv4, the /64 network in IPv6, of which one household has a whole.
    var peerGroup: IPAddress { isIPv4 ? self : IPAddress(high: high, low: 0) }
}

extension IPAddress: CustomStringConvertible {
    public var description: String {
        if isIPv4 {
            let v4 = UInt32(truncatingIfNeeded: low)
            return "\(v4 >> 24).\(v4 >> 16 & 255).\(v4 >> 8 & 255).\(v4 & 255)"
        }
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
            var address = v6
            guard let start = buffer.baseAddress,
                let text = unsafe inet_ntop(AF_INET6, &address, start, socklen_t(buffer.count))
            else { return "::" }
            return unsafe String(cString: text)
        }
    }
}
