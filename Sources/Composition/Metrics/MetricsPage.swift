import HTTP
import StreamingCore

/// `/metrics`: everything that is counted, for Prometheus.
struct MetricsPage: Sendable {
    private let reading: MetricsReading

    init(_ registry: MetricsRegistry) { reading = MetricsReading(registry) }

    func add(to router: inout Router) {
        router.on(.get, "/metrics") { request, _ in
            let format = MetricsFormat(accept: request.fields["accept"])
            return HTTPResponse(
                .ok, fields: ["content-type": format.contentType, "cache-control": "no-store"],
                body: .shared([await reading.text(format)]))
        }
    }
}
