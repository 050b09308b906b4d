import Network
import StreamingCore

extension Logger {
    /// Logs what happens in the network layer. Refused connections, of which anybody can make any number, are
    /// throttled.
    var networkEvents: NetworkEventHook {
        let refusals = LogThrottle(linesPerSecondMax: 1)
        let clock = SystemWallClock()
        return { event in
            switch event {
            case .listening(let address): info("listening", ["address": LogValue(address.description)])
            case .refused(let peer, let refusal):
                guard let hidden = refusals.admit(at: clock.now()) else { return }
                warning(
                    "connection refused",
                    [
                        "peer.address": LogValue(peer?.description ?? "unknown"), "reason": LogValue("\(refusal)"),
                        "lines.hidden": LogValue(hidden),
                    ])
            case .acceptFailed(let failure): warning("accept failed", ["error": LogValue(failure)])
            case .connectionFailed(let peer, let failure):
                debug("connection failed", ["peer.address": LogValue(peer.description), "error": LogValue(failure)])
            case .drainBegan(let connections): info("draining", ["connections": LogValue(connections)])
            case .drainCutShort(let connections): warning("draining cut short", ["connections": LogValue(connections)])
            }
        }
    }
}
