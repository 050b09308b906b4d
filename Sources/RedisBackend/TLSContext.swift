internal import CHiredis

/// What all TLS connections of a pool share: the authorities that are believed.
///
/// Unsafe code: OpenSSL's handles, made in `init` and freed in `deinit`. A context may be used by several threads at
/// once (OpenSSL counts its references with atomics) and is not changed after `init`, hence `@unchecked Sendable`.
@safe final class TLSContext: @unchecked Sendable {
    let handle: OpaquePointer

    /// - Parameter authoritiesFile: A PEM file; the system's authorities when `nil`.
    init(authoritiesFile: String?) throws(RedisFailure) {
        guard let handle = unsafe SSL_CTX_new(TLS_client_method()) else { throw TLSSession.lastFailure() }
        unsafe self.handle = handle
        unsafe SSL_CTX_set_verify(handle, SSL_VERIFY_PEER, nil)
        unsafe sluice_tls_write_partially(handle)
        guard unsafe sluice_tls_require_1_2(handle) == 1 else { throw TLSSession.lastFailure() }
        if let authoritiesFile {
            guard unsafe SSL_CTX_load_verify_locations(handle, authoritiesFile, nil) == 1 else {
                throw .tls("the file of ssl_ca_certs cannot be read")
            }
        } else {
            guard unsafe SSL_CTX_set_default_verify_paths(handle) == 1 else { throw TLSSession.lastFailure() }
        }
    }

    deinit { unsafe SSL_CTX_free(handle) }
}
