import Packaging
import StreamingCore
import Synchronization

/// The channels of all streams that were announced here or that somebody waits for. At most
/// ``DeliveryLimits/streamsMax``.
final class StreamChannels: Sendable {
    private let channels = Mutex<[StreamID: StreamChannel]>([:])
    private let window: LiveWindow.Configuration
    private let retentionMilliseconds: Int64
    private let metrics: DeliveryMetrics

    init(
        window: LiveWindow.Configuration, retentionMilliseconds: Int64, metrics: DeliveryMetrics = DeliveryMetrics()
    ) {
        self.metrics = metrics
        self.window = window
        self.retentionMilliseconds = retentionMilliseconds
    }

    func find(_ stream: StreamID) -> StreamChannel? { channels.withLock { $0[stream] } }

    /// The channel of a stream that exists, made if need be; `nil` when there are too many and none of them has ended.
    func open(_ stream: StreamID, at now: WallTime) -> StreamChannel? {
        let (channel, displaced) = channels.withLock { channels -> (StreamChannel?, StreamChannel?) in
            if let known = channels[stream] { return (known, nil) }
            var displaced: StreamChannel?
            if channels.count >= DeliveryLimits.streamsMax {
                let idle = channels.filter { !$0.value.isLive }
                guard let oldest = idle.min(by: { ($0.value.endedAt ?? now) < ($1.value.endedAt ?? now) })?.key else {
                    return (nil, nil)
                }
                displaced = channels.removeValue(forKey: oldest)
            }
            let channel = StreamChannel(window: window, metrics: metrics)
            channels[stream] = channel
            return (channel, displaced)
        }
        displaced?.releaseAll()
        return channel
    }

    var all: [StreamChannel] { channels.withLock { Array($0.values) } }

    func forget(_ stream: StreamID) { channels.withLock { $0.removeValue(forKey: stream) }?.releaseAll() }

    /// Gives up requests that have waited long enough, and forgets broadcasts that ended long enough ago.
    func timePassed(_ now: WallTime) {
        let all = channels.withLock { channels in
            for (stream, channel) in channels {
                if let ended = channel.endedAt, ended.adding(milliseconds: retentionMilliseconds) <= now {
                    channels[stream] = nil
                }
            }
            return Array(channels.values)
        }
        for channel in all { channel.timePassed(now) }
    }
}
