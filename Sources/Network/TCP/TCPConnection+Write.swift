public import Bytes
internal import CLinux

extension TCPConnection {
    /// How much a closing connection still reads, so that unread bytes do not make the kernel answer with a reset.
    private static let lingerBytesMax = 8 << 20

    /// Sends buffers one behind the other, by as few system calls as the kernel allows and without copying them.
    ///
    /// It returns when the kernel has taken everything; while the peer is slow it waits, and nothing is queued here.
    ///
    /// - Throws: `NetworkError.writeTimedOut` when the peer takes nothing for the write timeout, `.connectionReset`,
    ///   `.connectionClosed`; `CancellationError`. Part of the bytes may have been sent.
    public func write(_ buffers: [Bytes]) async throws {
        guard loop.isCurrent else { return try await loop.run { _ in try await self.write(buffers) } }
        for bytes in buffers { outgoing.append(bytes) }
        try await flush()
    }

    /// Sends one buffer; see `write(_:)` for several.
    public func write(_ bytes: Bytes) async throws {
        guard loop.isCurrent else { return try await loop.run { _ in try await self.write(bytes) } }
        outgoing.append(bytes)
        try await flush()
    }

    /// Sends what is queued; waits while the peer is slow.
    func flush() async throws {
        try Task.checkCancellation()
        guard !isClosed else { throw NetworkError.connectionClosed }
        while !(try sendOnce()) {
            unacknowledgedBytes = clinux_unacknowledged(socket.descriptor)
            try await wait(.writing, until: loop.turnBegan + timeouts.writeNanoseconds)
            guard !isClosed else { throw NetworkError.connectionClosed }
        }
    }

    /// Puts bytes behind those that wait to be sent. They leave with the next `write` or `flush`: several small
    /// messages cost one system call.
    ///
    /// The caller bounds how much is queued: `outgoing.byteCount` says how much there is.
    func queue(_ bytes: Bytes) { outgoing.append(bytes) }

    /// Lets the loop send what is queued before it waits, for a caller that may itself wait for something else first.
    func sendBeforeLoopWaits() {
        guard !isCorked && !isClosed && !outgoing.isEmpty else { return }
        isCorked = true
        loop.corked.append(self)
    }

    /// Sends what is queued, without waiting; called by the loop.
    func sendCorked() {
        isCorked = false
        guard !isClosed, unsafe writing.continuation == nil else { return }
        do {
            _ = try sendOnce()
        } catch {
            // The socket is broken. Its task learns it by its next read or write, which fails the same way.
            giveUpOutgoing()
        }
    }

    /// Forgets what is queued, and remembers how much it was.
    func giveUpOutgoing() {
        lostByteCount += outgoing.byteCount
        outgoing.removeAll()
    }

    /// - Returns: Whether everything has been taken by the kernel.
    private func sendOnce() throws(NetworkError) -> Bool {
        while !outgoing.isEmpty {
            guard isWritable, let (offered, taken) = try outgoing.send(to: socket, by: loop.vectors) else {
                isWritable = false
                return false
            }
            outgoing.consume(taken)
            // A short write means a full buffer, and the event that there is room again is certain to come.
            if taken < offered {
                isWritable = false
                return false
            }
        }
        return true
    }

    /// Sends the last bytes and closes so that the peer gets them.
    ///
    /// A plain `close` with unread bytes from the peer would make the kernel send a reset, which can overtake and
    /// destroy the answer. So: send, shut down the writing side, read and forget until the peer closes too or the
    /// linger timeout passes. In a cancelled task nothing waits: what one send takes is sent.
    public func close(sending buffers: [Bytes]) async {
        guard loop.isCurrent else {
            // The operation throws nothing; cancellation shortens it and does not skip it.
            return await loop.run { _ in await self.close(sending: buffers) }
        }
        defer { close() }
        guard !isClosed else { return }
        let deadline = loop.turnBegan + timeouts.lingerNanoseconds
        for bytes in buffers { outgoing.append(bytes) }
        // Here the deadline holds whatever progress there is: nothing is less than no bytes at all.
        unacknowledgedBytes = 0
        do {
            while !(try sendOnce()) { try await wait(.writing, until: deadline) }
            socket.shutdownWrite()
            try await discardIncoming(until: deadline, bytesMax: Self.lingerBytesMax)
        } catch {
            // The peer is gone or too slow, or we are told to hurry: in each case there is nothing left but to close.
        }
    }
}
