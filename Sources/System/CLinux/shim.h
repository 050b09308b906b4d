// What Network needs of Linux and Swift cannot import: the packed epoll_event, variadic calls and eventfd.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

// Declared by the headers only under _GNU_SOURCE. Defining that here would give the C library's types another layout
// than Swift's own import of them has, and the compiler refuses the difference.
extern int accept4(int listener, struct sockaddr *address, socklen_t *length, int flags);
extern int pthread_setname_np(pthread_t thread, const char *name);

// epoll_event is packed on x86-64, so its members are read and written here.

static inline int clinux_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t token) {
    struct epoll_event event;
    event.events = events;
    event.data.u64 = token;
    return epoll_ctl(epoll, operation, descriptor, &event);
}

static inline uint32_t clinux_epoll_events(const struct epoll_event *list, int index) { return list[index].events; }

static inline uint64_t clinux_epoll_token(const struct epoll_event *list, int index) { return list[index].data.u64; }

// The flags that Swift sees as an enum or does not see at all.
static const uint32_t clinux_readable = EPOLLIN;
static const uint32_t clinux_writable = EPOLLOUT;
static const uint32_t clinux_peer_ended = EPOLLRDHUP;
static const uint32_t clinux_hung_up = EPOLLHUP;
static const uint32_t clinux_failed = EPOLLERR;
static const uint32_t clinux_edge_triggered = EPOLLET;

static inline int clinux_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

static inline int clinux_stream_socket(int family) {
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static inline int clinux_accept(int listener, struct sockaddr *address, socklen_t *length) {
    return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

// Sends without raising SIGPIPE and without waiting.
static inline ssize_t clinux_send(int descriptor, struct iovec *buffers, size_t count) {
    struct msghdr message = {0};
    message.msg_iov = buffers;
    message.msg_iovlen = count;
    return sendmsg(descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

// How many bytes the kernel has accepted and the peer has not acknowledged; -1 when unknown.
static inline int clinux_unacknowledged(int descriptor) {
    int count = 0;
    return ioctl(descriptor, SIOCOUTQ, &count) == 0 ? count : -1;
}

// A descriptor that does nothing, held in reserve for the moment when there are no more.
static inline int clinux_open_null(void) { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

// The name that `top -H` and a debugger show; at most 15 characters.
static inline void clinux_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

// How many cores this process may run on, which in a container is less than the machine has.
static inline int clinux_core_count(void) {
    unsigned long cores[128];
    long bytes = syscall(SYS_sched_getaffinity, 0, sizeof cores, cores);
    int count = 0;
    for (long index = 0; index < bytes / (long)sizeof *cores; index++) count += __builtin_popcountl(cores[index]);
    return count > 0 ? count : 1;
}
