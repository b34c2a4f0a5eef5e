import NIOCore

@testable import BatonCommand

/// What a right server says.
enum Reply {
    static let pid = reply("app 1.0 pid 7\n")

    static func reply(_ body: String, status: String = "200 OK", fields: String = "") -> String {
        "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)"
    }

    static func sleep(_ nanoseconds: Int) -> String {
        reply("started at 2015-05-03 12:04:08.562569712 +0900 JST slept for \(nanoseconds) nanoseconds from pid 7.\n")
    }
}

/// Runs the probe with few clients and short times.
func probe(
    port: Int,
    _ modes: [ProbeMode],
    connections: Int = 1,
    path: String = "/",
    timeout: Duration = .seconds(20),
    pause: Duration = .milliseconds(50),
    load: ProbePlan.Load = .steady(.seconds(60)),
    until isEnough: @escaping @Sendable (Tally.Count) -> Bool
) async throws -> ProbeRun.Result {
    var plan = ProbePlan(target: .tcp(host: "127.0.0.1", port: port))
    plan.connections = connections
    plan.modes = modes
    plan.pause = pause
    plan.bodyTime = .milliseconds(20)
    plan.longDuration = .milliseconds(20)
    plan.timeout = timeout
    plan.path = path
    plan.expected = ExpectedBody(path: path)
    plan.load = load
    return try await run(plan, until: isEnough)
}

/// Ends the run when its outcomes are enough, or its load is over.
func run(
    _ plan: ProbePlan,
    until isEnough: @escaping @Sendable (Tally.Count) -> Bool
) async throws -> ProbeRun.Result {
    let run = ProbeRun(plan, server: try ServerAddress(plan.target.resolve(), plan))
    let watch = Task {
        while !isEnough(run.ledger.snapshot.tally.total) { try await Task.sleep(for: .milliseconds(2)) }
        run.interrupt()
    }
    defer { watch.cancel() }
    return try await run.run()
}
