import Bytes
import StreamingCore
import Testing

@Suite struct MetricsTests {
    private enum Fruit: Int, MetricLabel {
        case apple, bigPear
        static let name = "fruit"
    }

    private enum Size: Int, MetricLabel {
        case small, large
        static let name = "size"
    }

    @Test func `counts of many threads add up`() async {
        let counter = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { for _ in 0..<10_000 { counter.add() } }
            }
        }
        #expect(counter.value == 80_000)
    }

    @Test func `text has head and lines of each metric, in the order of names`() {
        let registry = MetricsRegistry()
        let fruits = registry.counters("test_fruits_total", "Fruits.", by: Fruit.self)
        let level = registry.gauge("test_level", "A level.")
        registry.gauge("test_absent", "Nothing.") { nil }
        fruits[.bigPear].add(3)
        level.add(5)
        level.add(-7)
        #expect(
            registry.text() == """
                # HELP test_absent Nothing.
                # TYPE test_absent gauge
                # HELP test_fruits_total Fruits.
                # TYPE test_fruits_total counter
                test_fruits_total{fruit="apple"} 0
                test_fruits_total{fruit="big_pear"} 3
                # HELP test_level A level.
                # TYPE test_level gauge
                test_level -2

                """)
    }

    @Test func `OpenMetrics names counters without their end, and marks its own`() {
        let registry = MetricsRegistry()
        registry.counter("test_fruits_total", "Fruits.").add(2)
        #expect(
            registry.text(.openMetrics) == """
                # HELP test_fruits Fruits.
                # TYPE test_fruits counter
                test_fruits_total 2
                # EOF

                """)
    }

    @Test(arguments: [
        (nil, "0.0.4"), ("text/plain", "0.0.4"),
        ("application/openmetrics-text;version=1.0.0,text/plain;q=0.5", "1.0.0"),
    ])
    func `a client gets the form that it asks for`(accept: String?, version: String) {
        #expect(MetricsFormat(accept: accept).contentType.contains("version=\(version);"))
    }

    @Test func `a grid has a line for each pair of values`() {
        let registry = MetricsRegistry()
        let grid = registry.counters("test_fruits_total", "Fruits.", by: Fruit.self, and: Size.self)
        grid[.bigPear, .large].add()
        let lines = registry.text().split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(
            lines == [
                #"test_fruits_total{fruit="apple",size="small"} 0"#,
                #"test_fruits_total{fruit="apple",size="large"} 0"#,
                #"test_fruits_total{fruit="big_pear",size="small"} 0"#,
                #"test_fruits_total{fruit="big_pear",size="large"} 1"#,
            ])
    }

    @Test func `buckets contain those below them`() {
        let registry = MetricsRegistry()
        let histogram = registry.histogram("test_wait_seconds", "A wait.", bounds: [0.01, 1])
        for milliseconds: Int64 in [-5, 10, 11, 2_000] { histogram.observe(milliseconds: milliseconds) }
        #expect(
            registry.text() == """
                # HELP test_wait_seconds A wait.
                # TYPE test_wait_seconds histogram
                test_wait_seconds_bucket{le="0.01"} 2
                test_wait_seconds_bucket{le="1.0"} 3
                test_wait_seconds_bucket{le="+Inf"} 4
                test_wait_seconds_sum 2.021
                test_wait_seconds_count 4

                """)
    }

    @Test func `names beyond the maximum count as other`() {
        let registry = MetricsRegistry()
        let counters = registry.counters("test_names_total", "Names.", byNameOf: "name")
        for number in 0..<100 { counters.add(to: "name-\(number)") }
        counters.add(to: "name-1")
        #expect(counters.values.count == NamedCounters.childrenMax + 1)
        #expect(counters.values["name-1"] == 2)
        #expect(counters.values[NamedCounters.otherName] == 100 - NamedCounters.childrenMax)
    }

    @Test func `gauges beyond the maximum are put together`() {
        let registry = MetricsRegistry()
        let values = [("a", 5.0), ("b", 4), ("c", 3), ("d", 2.5)]
        registry.gauges("test_sums", "Sums.", label: "name", childrenMax: 2) { values }
        registry.gauges("test_tops", "Tops.", label: "name", childrenMax: 2, merge: max) { values }
        let text = registry.text()
        #expect(text.contains("test_sums{name=\"b\"} 4\ntest_sums{name=\"other\"} 5.5\n"))
        #expect(text.contains("test_tops{name=\"b\"} 4\ntest_tops{name=\"other\"} 3\n"))
    }

    @Test func `a label's value cannot break out of its quotation marks`() {
        let registry = MetricsRegistry()
        registry.gauges("test_names", "Names.", label: "name", childrenMax: 1) { [("a\"} 1\nevil \\", 1)] }
        #expect(registry.text().contains(#"test_names{name="a\"} 1\nevil \\"} 1"#))
    }

    @Test func `numbers that are none have names`() {
        let registry = MetricsRegistry()
        registry.gauge("test_infinite", "I.") { .infinity }
        registry.gauge("test_nothing", "N.") { .nan }
        registry.gauge("test_small", "S.") { 0.25 }
        let lines = registry.text().split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines == ["test_infinite +Inf", "test_nothing NaN", "test_small 0.25"])
    }

    @Test func `a process tells what it uses`() throws {
        let registry = MetricsRegistry()
        ProcessMetrics.register(in: registry)
        let values = Dictionary(
            uniqueKeysWithValues: registry.text().split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
                let words = line.split(separator: " ")
                return (String(words[0]), Double(words[1]) ?? -1)
            })
        #expect(try #require(values["process_cpu_seconds_total"]) > 0)
        #expect(try #require(values["process_resident_memory_bytes"]) > 1_000_000)
        let open = try #require(values["process_open_fds"])
        #expect(open >= 3 && open <= values["process_max_fds"] ?? 0)
        let start = try #require(values["process_start_time_seconds"])
        let now = Double(SystemWallClock().now().unixMilliseconds) / 1000
        #expect(start <= now + 1 && start > now - 86_400)
    }

    @Test func `all who ask at once get one reading`() async {
        let registry = MetricsRegistry()
        let readings = Counter()
        registry.gauge("test_level", "A level.") {
            readings.add()
            return 1
        }
        let reading = MetricsReading(registry)
        let texts = await withTaskGroup(of: String.self) { group in
            for _ in 0..<100 { group.addTask { await reading.text(.prometheus).string } }
            return await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(texts == ["# HELP test_level A level.\n# TYPE test_level gauge\ntest_level 1\n"])
        // A busy machine may need longer than a text is kept; never one for each.
        #expect((1..<100).contains(readings.value))
    }

    @Test func `two metrics with one name are a mistake of ours`() async {
        await #expect(processExitsWith: .failure) {
            let registry = MetricsRegistry()
            _ = registry.gauge("test_level", "A level.")
            _ = registry.gauge("test_level", "A level.")
        }
    }

    @Test func `a counter without its ending is a mistake of ours`() async {
        await #expect(processExitsWith: .failure) { _ = MetricsRegistry().counter("test_fruits", "Fruits.") }
    }
}
