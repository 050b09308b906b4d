import Foundation
import Glibc

/// What Prometheus expects every process to tell of itself, read from `/proc` at each scrape.
public enum ProcessMetrics {
    /// Registers `process_*`.
    public static func register(in registry: MetricsRegistry) {
        registry.counter("process_cpu_seconds_total", "Processor time used, in user and in system mode.") {
            var usage = rusage()
            // It cannot fail for a process that asks for itself.
            getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
            return seconds(usage.ru_utime) + seconds(usage.ru_stime)
        }
        registry.gauge("process_resident_memory_bytes", "Memory that is resident.") {
            pages(ofField: 1).map { $0 * Double(sysconf(Int32(_SC_PAGESIZE))) }
        }
        registry.gauge("process_virtual_memory_bytes", "Memory that is mapped.") {
            pages(ofField: 0).map { $0 * Double(sysconf(Int32(_SC_PAGESIZE))) }
        }
        registry.gauge("process_open_fds", "Descriptors that are open.") { openDescriptors.map(Double.init) }
        registry.gauge("process_max_fds", "Descriptors that may be open.") {
            var limit = rlimit()
            guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
            return Double(limit.rlim_cur)
        }
        let start = Date().timeIntervalSince1970 - (age ?? 0)
        registry.gauge("process_start_time_seconds", "When the process began, since the Unix epoch.") { start }
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

    /// proc(5): `/proc/self/statm` has the mapped and the resident pages first.
    private static func pages(ofField field: Int) -> Double? {
        let words = text(of: "/proc/self/statm")?.split(separator: " ") ?? []
        return words.count > field ? Double(words[field]) : nil
    }

    /// Seconds since the process began: field 22 of `/proc/self/stat` is that moment, in ticks since the machine's
    /// start. The second field is in parentheses and may contain spaces.
    private static var age: Double? {
        guard let stat = text(of: "/proc/self/stat"), let end = stat.lastIndex(of: ")"),
            let uptime = text(of: "/proc/uptime")?.split(separator: " ").first.flatMap({ Double($0) })
        else { return nil }
        let fields = stat[end...].split(separator: " ")
        guard fields.count > 20, let ticks = Double(fields[20]) else { return nil }
        return max(0, uptime - ticks / Double(sysconf(Int32(_SC_CLK_TCK))))
    }

    private static func text(of path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    /// The one that looks is not counted.
    private static var openDescriptors: Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Neither are `.` and `..`.
        return max(0, count - 3)
    }
}
