/// What Prometheus asks.
extension Variables {
    static let metricsPort = ConfigurationVariable<Int?>(
        name: "METRICS_PORT", fallback: "",
        help: "port for /metrics and /health; empty is 9464, and in sluice HTTP_PORT; 0 is none"
    ) { text throws(ConfigurationReason) in
        guard !text.isEmpty else { return nil }
        guard let port = Int(text), (0...65_535).contains(port) else {
            throw ConfigurationReason("must be empty or a whole number from 0 to 65535, not '\(text)'")
        }
        return port
    }
    static let metricsAddress = ConfigurationVariable<String?>(
        name: "METRICS_ADDRESS", fallback: "",
        help: "address that METRICS_PORT listens on; * is every one; empty is BIND_ADDRESS"
    ) { text throws(ConfigurationReason) in text.isEmpty ? nil : text }
}
