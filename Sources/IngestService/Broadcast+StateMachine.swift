import Media
import StreamingCore

extension Broadcast {
    /// The life of one broadcast, without clock, lock or I/O: who publishes, what becomes of a frame, when it is over.
    ///
    /// Facts come with the number of the connection that they are about. A connection that was displaced is unknown
    /// from then on, so nothing that it still says can reach the log.
    struct StateMachine {
        private enum State {
            /// Nobody publishes yet. Becomes `publishing`, or `ended`.
            case waiting
            /// This connection's frames go to the log. Becomes `publishing` with another connection, `reconnecting`, or
            /// `ended`.
            case publishing(connection: UInt64)
            /// The encoder is gone. Becomes `publishing`, or `ended` at the deadline.
            case reconnecting(deadline: WallTime)
            /// Final.
            case ended
        }

        private var state = State.waiting
        private var repair: TimelineRepair
        private let graceMilliseconds: Int64
        private var hasFrames = false
        private var newestDiscontinuity: Int

        init(origin: BroadcastOrigin, graceMilliseconds: Int64) {
            repair = TimelineRepair(origin: origin)
            newestDiscontinuity = origin.firstDiscontinuitySequence
            self.graceMilliseconds = graceMilliseconds
        }

        /// What was put right on the timeline so far.
        var repairs: TimelineRepairCounts { repair.counts }

        enum ArrivalAction: Equatable {
            /// It publishes; `displaced` is the connection that must go, if one was there.
            case publish(displaced: UInt64?, isResumption: Bool)
            /// The broadcast is over; a new one must begin.
            case tooLate
        }

        /// An encoder with a valid key wants to publish. The newest always wins: an older connection is most often the
        /// same encoder's, half-open.
        mutating func connectionArrived(_ connection: UInt64) -> ArrivalAction {
            let action: ArrivalAction
            switch state {
            case .waiting: action = .publish(displaced: nil, isResumption: false)
            case .publishing(let old): action = .publish(displaced: old, isResumption: false)
            case .reconnecting: action = .publish(displaced: nil, isResumption: true)
            case .ended: return .tooLate
            }
            state = .publishing(connection: connection)
            repair.connectionBegan()
            return action
        }

        enum FrameAction {
            /// Append it; `newDiscontinuity` is set when its discontinuity sequence was never used before.
            case append(Frame, newDiscontinuity: Int?)
            /// The repair dropped it, for example before the first keyframe.
            case drop
            /// The connection no longer owns the stream.
            case refuse
        }

        mutating func frameReceived(_ frame: EncoderFrame, from connection: UInt64, at now: WallTime) -> FrameAction {
            guard case .publishing(connection) = state else { return .refuse }
            guard let repaired = repair.receive(frame, atUnixMilliseconds: now.unixMilliseconds) else { return .drop }
            hasFrames = true
            guard repaired.discontinuitySequence > newestDiscontinuity else {
                return .append(repaired, newDiscontinuity: nil)
            }
            newestDiscontinuity = repaired.discontinuitySequence
            return .append(repaired, newDiscontinuity: newestDiscontinuity)
        }

        enum LossAction: Equatable {
            /// Tell readers that the encoder is gone; the grace time runs.
            case interrupt
            case end
            /// It had been displaced, or the broadcast was over.
            case ignore
        }

        /// - Parameter isDeliberate: The encoder said that it is done, so nobody has to wait for it.
        mutating func connectionLost(_ connection: UInt64, isDeliberate: Bool, at now: WallTime) -> LossAction {
            guard case .publishing(connection) = state else { return .ignore }
            if isDeliberate || graceMilliseconds == 0 || !hasFrames {
                state = .ended
                return .end
            }
            state = .reconnecting(deadline: now.adding(milliseconds: graceMilliseconds))
            return .interrupt
        }

        /// Whether the grace time is over, and with it the broadcast.
        mutating func timePassed(_ now: WallTime) -> Bool {
            guard case .reconnecting(let deadline) = state, now >= deadline else { return false }
            state = .ended
            return true
        }

        enum EndAction: Equatable {
            /// It is over; this connection must go.
            case end(displaced: UInt64?)
            /// It was over already.
            case ignore
        }

        /// Somebody other than the encoder ends it: the API, or a shutdown.
        mutating func endOrdered() -> EndAction {
            defer { state = .ended }
            switch state {
            case .waiting, .reconnecting: return .end(displaced: nil)
            case .publishing(let connection): return .end(displaced: connection)
            case .ended: return .ignore
            }
        }

        enum HandOverAction: Equatable {
            /// Its encoder is to come back elsewhere; `displaced` is the connection that must go, `nil` when there is
            /// none any more.
            case handOver(displaced: UInt64?)
            /// Nobody has published, so there is nothing to go on with.
            case end
            /// It was over already.
            case ignore
        }

        /// The process ends, and others are to go on with the broadcast: here nothing more happens.
        mutating func handOverOrdered() -> HandOverAction {
            defer { state = .ended }
            switch state {
            case .waiting: return .end
            case .publishing(let connection): return .handOver(displaced: connection)
            case .reconnecting: return .handOver(displaced: nil)
            case .ended: return .ignore
            }
        }
    }
}
