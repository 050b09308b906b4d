internal import CHiredis
import Glibc

/// TLS over one socket that does not block.
///
/// Unsafe code: memory is lent to OpenSSL for the one call. The session does not own the socket.
@safe final class TLSSession {
    /// What a call ended with.
    enum Outcome {
        case done(Int)
        /// Nothing more until the socket can be read or written.
        case wouldBlock
        case ended
    }

    private let handle: OpaquePointer

    /// - Parameter host: What the certificate must be good for: a name or an address.
    init(_ context: TLSContext, descriptor: Int32, host: String) throws(RedisFailure) {
        guard let handle = unsafe SSL_new(context.handle) else { throw Self.lastFailure() }
        unsafe self.handle = handle
        guard unsafe SSL_set_fd(handle, descriptor) == 1 else { throw Self.lastFailure() }
        // An address is looked for among the certificate's addresses, and is not told to the server as a name.
        if unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(handle), host) == 1 { return }
        ERR_clear_error()
        guard unsafe SSL_set1_host(handle, host) == 1, unsafe sluice_tls_name_server(handle, host) == 1 else {
            throw Self.lastFailure()
        }
    }

    deinit { unsafe SSL_free(handle) }

    /// Goes on with the handshake.
    ///
    /// - Returns: Whether it is finished.
    func connect() throws(RedisFailure) -> Bool {
        ERR_clear_error()
        let code = unsafe SSL_connect(handle)
        if code == 1 { return true }
        switch unsafe SSL_get_error(handle, code) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return false
        default: break
        }
        let verdict = unsafe SSL_get_verify_result(handle)
        guard verdict == Int(X509_V_OK) else {
            throw unsafe .tls(String(cString: X509_verify_cert_error_string(verdict)))
        }
        throw Self.lastFailure()
    }

    func read(into memory: UnsafeMutableRawBufferPointer) throws(RedisFailure) -> Outcome {
        ERR_clear_error()
        let length = Int32(clamping: memory.count)
        return try outcome(unsafe SSL_read(handle, memory.baseAddress, length))
    }

    func write(_ memory: UnsafeRawBufferPointer) throws(RedisFailure) -> Outcome {
        ERR_clear_error()
        let length = Int32(clamping: memory.count)
        return try outcome(unsafe SSL_write(handle, memory.baseAddress, length))
    }

    private func outcome(_ code: Int32) throws(RedisFailure) -> Outcome {
        if code > 0 { return .done(Int(code)) }
        let number = errno
        switch unsafe SSL_get_error(handle, code) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wouldBlock
        case SSL_ERROR_ZERO_RETURN: return .ended
        case SSL_ERROR_SYSCALL: throw .inputOutput(number)
        default: throw Self.lastFailure()
        }
    }

    /// OpenSSL's own words for what this thread met last.
    static func lastFailure() -> RedisFailure {
        guard let reason = unsafe ERR_reason_error_string(ERR_get_error()) else {
            return .tls("the server ended the handshake")
        }
        return .tls(unsafe String(cString: reason))
    }
}
