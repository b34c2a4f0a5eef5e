import Foundation
public import SystemdTestKit

/// Debian's HAProxy before two hosts, as `units/haproxy.cfg` has it.
public struct LoadBalancer: Sendable {
    /// What HAProxy counts of a host.
    public struct Count: Sendable {
        /// `UP` or `DOWN`, and between them how many looks are to follow.
        public let status: String
        /// Requests under way there.
        public let current: Int
        /// Connections that could not be opened and were tried again, here or elsewhere.
        public let retries: Int
        /// How often it has been found to be down.
        public let timesDown: Int
    }

    /// Whether HAProxy tries again what could not be connected.
    public enum Retries: Sendable {
        /// As the file says.
        case asIs
        /// Never: what a host loses, a client sees.
        case none
    }

    /// Where it listens on loopback.
    public static let port: UInt16 = 8088
    private static let statistics = "http://127.0.0.1:8404/stats;csv"

    private let machine: Machine
    private let configuration: String

    /// - Parameters:
    ///   - machine: Where the hosts are; HAProxy is this machine's own, in the network of that one.
    ///   - hosts: Two of them, by the names that they have in the file.
    ///   - retries: What to change in it.
    public init(in machine: Machine, before hosts: [BackendHost], retries: Retries) throws {
        self.machine = machine
        var changes = ["bind :80\n": "bind 127.0.0.1:\(Self.port)\n"]
        for (index, host) in hosts.enumerated() { changes["192.0.2.1\(index + 1):"] = "\(host.address):" }
        if retries == .none {
            changes["retries 2\n"] = "retries 0\n"
            changes["option redispatch 1\n"] = "no option redispatch\n"
            changes["retry-on conn-failure\n"] = "retry-on none\n"
        }
        var text = try SourceTree.text("units/haproxy.cfg")
        for (old, new) in changes {
            guard text.contains(old) else { throw MachineError("units/haproxy.cfg does not say '\(old)' any more") }
            text = text.replacingOccurrences(of: old, with: new)
        }
        configuration = text
    }

    /// Runs HAProxy, and `body` when both hosts are up.
    public func run(_ body: @Sendable () async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("haproxy-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("haproxy.cfg").path
        try configuration.write(toFile: file, atomically: true, encoding: .utf8)
        let pid = folder.appendingPathComponent("pid").path
        async let process = machine.runBeside("sh", "-c", "echo $$ >\(pid); exec haproxy -db -f \(file)", seconds: 240)
        let outcome: Result<Void, any Error>
        do {
            try await machine.waitUntil { try await isUp }
            outcome = .success(try await body())
        } catch {
            outcome = .failure(error)
        }
        _ = try await machine.runBeside("sh", "-c", "kill -TERM $(cat \(pid))")
        let result = try await process
        guard result.status == 128 + 15 else { throw MachineError("haproxy: \(result)") }
        try outcome.get()
    }

    private var isUp: Bool {
        get async throws {
            let answer = try await machine.run("curl", "-fsS", Self.statistics)
            return answer.status == 0 && Self.counts(answer.output).values.allSatisfy { $0.status == "UP" }
        }
    }

    /// What it has counted since its start, by the name of the host.
    public var counts: [String: Count] {
        get async throws { Self.counts(try await machine.check("curl", "-fsS", Self.statistics)) }
    }

    private static func counts(_ text: String) -> [String: Count] {
        let lines = text.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        guard let head = lines.first else { return [:] }
        var counts: [String: Count] = [:]
        for line in lines.dropFirst() where line.first == "app" {
            // Those that may have a comma in them come behind these.
            func value(_ name: String) -> String { head.firstIndex { $0 == name }.map { String(line[$0]) } ?? "" }
            func number(_ name: String) -> Int { Int(value(name)) ?? -1 }
            guard value("svname").hasPrefix("host") else { continue }
            counts[value("svname")] = Count(
                status: value("status"),
                current: number("scur"),
                retries: number("wretr") + number("wredis"),
                timesDown: number("chkdown")
            )
        }
        return counts
    }

    /// A shell command that waits until a host is up.
    public static func waitCommand(_ host: BackendHost) -> String {
        "until curl -fsS '\(statistics)' | grep -q '^app,\(host.server.units.name),.*,UP,'; do sleep 0.1; done"
    }

    /// A shell command that prints how many requests are under way at a host.
    public static func currentCommand(_ host: BackendHost) -> String {
        "curl -fsS '\(statistics)' | grep '^app,\(host.server.units.name),' | cut -d , -f 5"
    }
}
