// hiredis, and OpenSSL beside it: Debian's hiredis 0.14 is built without TLS.
#pragma once

#include <hiredis/hiredis.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

/* The type in which hiredis counts the elements of an array changed with version 1. */
#if HIREDIS_MAJOR >= 1
typedef size_t sluice_redis_count;
#else
typedef int sluice_redis_count;
#endif

/* Macros, and calls whose flags Swift cannot import. */
static inline int sluice_redis_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }
static inline void sluice_redis_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
static inline int sluice_tls_require_1_2(SSL_CTX *c) { return (int)SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION); }
static inline int sluice_tls_name_server(SSL *s, const char *name) { return (int)SSL_set_tlsext_host_name(s, name); }
static inline void sluice_tls_write_partially(SSL_CTX *context) {
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}
