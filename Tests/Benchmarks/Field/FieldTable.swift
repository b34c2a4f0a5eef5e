import Foundation
import SystemdTestKit

/// The results, as Markdown.
enum FieldTable {
    /// What it was measured on.
    static func machine(_ machine: Machine) async throws -> String {
        let script = "sed -n 's/^model name.*: //p' /proc/cpuinfo | sort | uniq -c | sed 's/^ *//'; uname -sr"
        let words = try await machine.check("sh", "-c", script).split(separator: "\n").joined(separator: ", ")
        return "Measured on: \(words), systemd \(machine.systemdVersion)."
    }

    static func text(_ names: [String], _ results: [Result]) -> String {
        let head = [
            "", "pause, median", "worst", "failed, of all requests", "connections closed",
            "requests/s, of stock Hummingbird's", "start to first answer", "memory",
        ]
        let rows = zip(names, results).map { name, result in
            [
                name, "\(whole(median(result.pauses))) ms", "\(whole(result.pauses.max() ?? .nan)) ms",
                "\(result.failed) of \(result.issued)", "\(result.closed)",
                String(format: "%.2f", median(result.throughput)),
                "\(whole(median(result.starts))) ms", "\(whole(median(result.memory) / 1024)) MB",
            ]
        }
        return ([head, head.map { _ in "---" }] + rows).map { "| \($0.joined(separator: " | ")) |" }.joined(
            separator: "\n"
        )
    }

    private static func whole(_ value: Double) -> String { value.isFinite ? String(Int(value.rounded())) : "none" }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? .nan : (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}
