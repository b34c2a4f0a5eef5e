import MachineKit
import SystemdTestKit

/// What has been measured of a contender, over all rounds.
struct Result {
    /// The longest gap of new connections at each restart, in ms.
    var pauses: [Double] = []
    var (issued, failed, closed) = (0, 0, 0)
    /// Requests a second of each round, as a multiple of the reference's at the same time.
    var throughput: [Double] = []
    /// From the start of the start to the first answer, in ms.
    var starts: [Double] = []
    /// Of all processes of the service after the load, in kB.
    var memory: [Double] = []
}

/// A round of one contender.
struct Measurement {
    let contender: Contender
    let machine: Machine
    let restarts: Int
    let seconds: Int

    private static let load = [
        "--mode", "new-connection", "--mode", "keep-alive", "--connections", "16", "--rate", "100", "--settle", "1",
    ]

    func run(into result: inout Result) async throws {
        let server = try await Server.install(contender.units, in: machine, start: false)
        result.starts.append(try await start(server))
        result.throughput.append(try await throughput())
        result.memory.append(try await memory(of: server))
        let (_, report) = try await machine.probe(
            port: contender.port,
            Self.load + ["--restart", contender.restart],
            restarts: restarts,
            interval: 3,
            seconds: 20 + restarts * 10
        )
        result.pauses += report.restarts.compactMap(\.longestNewConnectionGapMilliseconds)
        result.issued += report.total.issued
        result.failed += report.total.failed
        result.closed += report.total.closedConnections
        if server.units.socket != nil { try await machine.check("systemctl", "stop", server.socket) }
        try await machine.check("systemctl", "stop", server.service)
    }

    private func start(_ server: Server) async throws -> Double {
        let script = """
            begin=$(date +%s%N)
            systemctl start \(server.service)
            until curl -sSf --max-time 5 -o /dev/null http://127.0.0.1:\(contender.port)/ 2>/dev/null; do :; done
            echo $((($(date +%s%N) - begin) / 1000))
            """
        let text = try await machine.check("timeout", "20", "sh", "-c", script)
        guard let microseconds = Double(text) else { throw MachineError("\(contender.name) has not started: \(text)") }
        return microseconds / 1000
    }

    /// A second of one and a second of the other, in turn: a machine among others is now quicker, now slower.
    private func throughput() async throws -> Double {
        var (own, reference) = (0.0, 0.0)
        for _ in 0..<seconds {
            reference += try await rate(port: Contender.reference.port)
            own += try await rate(port: contender.port)
        }
        return own / reference
    }

    private func rate(port: UInt16) async throws -> Double {
        let text = try await machine.check("wrk", "-t1", "-c64", "-d1s", "http://127.0.0.1:\(port)/")
        guard let rate = text.firstMatch(of: /Requests\/sec: +([0-9.]+)/).flatMap({ Double($0.output.1) }), rate > 0
        else {
            throw MachineError("wrk has no rate of port \(port): \(text)")
        }
        return rate
    }

    private func memory(of server: Server) async throws -> Double {
        let script = """
            group=$(systemctl show --property=ControlGroup --value \(server.service))
            find "/sys/fs/cgroup$group" -name cgroup.procs -exec cat {} + | while read -r pid; do
                sed -n 's/^Pss: *\\([0-9]*\\) kB/\\1/p' "/proc/$pid/smaps_rollup"
            done | { sum=0; while read -r size; do sum=$((sum + size)); done; echo "$sum"; }
            """
        let text = try await machine.check("sh", "-c", script)
        guard let size = Double(text) else { throw MachineError("no memory of \(contender.name): '\(text)'") }
        return size
    }
}
