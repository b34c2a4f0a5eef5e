import Foundation
import Subprocess
import SystemPackage

/// Requests a second by wrk(1), of `app` and of stock Hummingbird with the same routes.
struct Throughput {
    private struct Way {
        let name: String
        let arguments: [String]
        /// What the ratio to stock Hummingbird must be at least.
        let target: Double
    }

    private static let ways = [
        Way(name: "keep-alive, 64 connections", arguments: [], target: 0.97),
        Way(name: "a new connection for each request", arguments: ["-H", "Connection: close"], target: 1.0),
    ]

    let binaries: String
    let rounds: Int
    let seconds: Int

    func run() async throws {
        let (ports, names) = ([18080, 18081], ["app", "stock Hummingbird"])
        let app = try Child(["\(binaries)/app", "--port", "\(ports[0])"])
        let stock = try Child(["\(binaries)/stock-server", "\(ports[1])"])
        var rates = Self.ways.map { _ in ports.map { _ in [Double]() } }
        // The first pass warms both up and is not counted.
        for round in 0...rounds {
            for (way, (index, port)) in Self.ways.indices.flatMap({ way in ports.enumerated().map { (way, $0) } }) {
                let rate = try await requestsPerSecond(port: port, Self.ways[way].arguments)
                if round > 0 { rates[way][index].append(rate) }
            }
            FileHandle.standardError.write(Data("throughput: round \(round) of \(rounds)\n".utf8))
        }
        _ = (app.end(signal: SIGTERM), stock.end(signal: SIGTERM))

        print("requests/s, GET /, medians of \(rounds) alternating rounds of \(seconds) s")
        for (way, rates) in zip(Self.ways, rates) {
            let ratio = median(rates[0]) / median(rates[1])
            print("  \(way.name)")
            for (name, rates) in zip(names, rates) {
                let range = "\(fixed(rates.min() ?? 0, 0)) to \(fixed(rates.max() ?? 0, 0))"
                print(
                    "    \(name.padding(toLength: 20, withPad: " ", startingAt: 0))\(right(fixed(median(rates), 0), 8))   (\(range))"
                )
            }
            let verdict = ratio >= way.target ? "meets" : "misses"
            print("    ratio \(fixed(ratio, 3)), \(verdict) the target of \(fixed(way.target, 2))")
        }
    }

    private func requestsPerSecond(port: Int, _ arguments: [String]) async throws -> Double {
        try await waitForListener(port: port)
        let result = try await Subprocess.run(
            .name("wrk"),
            arguments: Arguments(
                ["--threads", "1", "--connections", "64", "--duration", "\(seconds)s"] + arguments
                    + ["http://127.0.0.1:\(port)/"]
            ),
            output: .string(limit: 1 << 16),
            error: .string(limit: 1 << 16)
        )
        guard let rate = result.standardOutput.firstMatch(of: /Requests\/sec: *([0-9.]+)/).flatMap({ Double($0.1) })
        else {
            throw BenchmarkError(description: "wrk said: \(result.standardOutput)\(result.standardError)")
        }
        return rate
    }

    /// A listening port shows in the kernel's table; there is no event to wait for from outside.
    private func waitForListener(port: Int) async throws {
        let entry = "0100007F:" + String(port, radix: 16, uppercase: true) + " 00000000:0000 0A"
        for _ in 0..<500 {
            if try String(contentsOfFile: "/proc/net/tcp", encoding: .ascii).contains(entry) { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw BenchmarkError(description: "nobody listens on 127.0.0.1:\(port) after 5 s")
    }
}
