import Network
import StreamingCore

extension Logger {
    /// Logs what happens in the network layer.
    var networkEvents: NetworkEventHook {
        { event in
            switch event {
            case .listening(let address): info("listening", ["address": LogValue(address.description)])
            case .refused(let peer, let refusal):
                warning(
                    "connection refused",
                    ["peer.address": LogValue(peer?.description ?? "unknown"), "reason": LogValue("\(refusal)")])
            case .acceptFailed(let failure): warning("accept failed", ["error": LogValue(failure)])
            case .connectionFailed(let peer, let failure):
                debug("connection failed", ["peer.address": LogValue(peer.description), "error": LogValue(failure)])
            case .drainBegan(let connections): info("draining", ["connections": LogValue(connections)])
            case .drainCutShort(let connections): warning("draining cut short", ["connections": LogValue(connections)])
            }
        }
    }
}
