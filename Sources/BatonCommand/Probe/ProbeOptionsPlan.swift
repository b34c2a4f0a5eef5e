import ArgumentParser

extension ProbeOptions {
    /// - Throws: `ValidationError`, naming the option, its value and what it must be.
    func plan() throws -> ProbePlan {
        var plan = ProbePlan(target: try target())
        plan.tls = try tls(plan.target)
        plan.webSockets = try Self.whole(webSockets, "--websocket", 0...10_000)
        plan.webSocketPath = try Self.path(webSocketPath ?? plan.webSocketPath, "--websocket-path")
        guard plan.webSockets > 0 || webSocketPath == nil else {
            throw ValidationError("--websocket-path says nothing without --websocket N")
        }
        plan.idle = try Self.whole(idle, "--idle", 0...60_000)
        guard plan.idle == 0 || restart != nil else {
            throw ValidationError("--idle says nothing without --restart COMMAND")
        }
        plan.drip = try Self.whole(drip, "--drip", 0...10_000)
        guard plan.drip > 0 || dripInterval == nil else {
            throw ValidationError("--drip-interval says nothing without --drip N")
        }
        plan.dripInterval = try Self.seconds(dripInterval ?? 0.1, "--drip-interval")
        plan.connections = try Self.whole(
            connections,
            "--connections",
            (plan.idle + plan.drip + plan.webSockets > 0 ? 0 : 1)...10_000
        )
        plan.threads = try Self.whole(threads, "--threads", 1...64)
        if !modes.isEmpty { plan.modes = ProbeMode.load.filter { modes.contains($0) } }
        if modes.isEmpty, anyBody { plan.modes = ProbeMode.anyServer }
        if modes.isEmpty, connections == 0 { plan.modes = [] }
        try speakHTTP2(&plan)
        try openLoop(&plan)
        guard plan.connections >= plan.modes.count else {
            throw ValidationError(
                "--connections \(connections) is fewer than the \(plan.modes.count) modes; name fewer of them with --mode"
            )
        }
        guard rate == 0 || (0.001...100_000).contains(rate) else {
            throw ValidationError("--rate \(rate) is neither 0 nor from 0.001 to 100000 requests per second")
        }
        plan.rate = rate
        plan.pause = try Self.seconds(pause, "--pause")
        plan.bodyTime = try Self.seconds(bodyTime, "--body-time")
        plan.longDuration = try Self.seconds(longDuration, "--long-duration")
        plan.timeout = try Self.seconds(timeout, "--timeout", from: 0.001)
        try checkTimeout(plan)
        plan.path = try Self.path(path, "--path")
        plan.expected = anyBody ? .anything : ExpectedBody(path: path)
        try checkDrip(plan)
        plan.noClose = noClose
        plan.load = try load()
        plan.hasPage = self.report != nil
        if let objection = OpenFiles.objection(to: plan, hardLimit: OpenFiles.hardLimit) {
            throw ValidationError(objection)
        }
        return plan
    }

    private func openLoop(_ plan: inout ProbePlan) throws {
        guard let arrivalRate else { return }
        guard (0.001...1_000_000).contains(arrivalRate) else {
            throw ValidationError("--arrival-rate \(arrivalRate) is not from 0.001 to 1000000 requests per second")
        }
        guard rate == 0 else {
            throw ValidationError(
                "--arrival-rate \(arrivalRate) and --rate \(rate) exclude each other: the one is of all clients in an open "
                    + "loop, the other of each in a closed loop"
            )
        }
        if modes.isEmpty, connections > 0, plan.streams == nil { plan.modes = [.newConnection, .keepAlive] }
        if let mode = plan.modes.first(where: { !ProbeMode.openLoop.contains($0) }) {
            throw ValidationError(
                "--mode \(mode.rawValue) has its own times, so --arrival-rate \(arrivalRate) cannot be kept; with it the modes "
                    + "are new-connection and keep-alive"
            )
        }
        guard plan.connections >= plan.modes.count * plan.threads, plan.connections > 0 else {
            throw ValidationError(
                "--connections \(connections) is too few for --arrival-rate: each of \(plan.modes.count) modes needs one on "
                    + "each of --threads \(threads)"
            )
        }
        plan.arrivalRate = arrivalRate
    }

    private func tls(_ target: ProbeTarget) throws -> ProbePlan.TLSOptions? {
        guard case .tcp(_, _, isTLS: true) = target else {
            if insecure { throw ValidationError("--insecure says nothing without a URL that begins with https://") }
            guard let cacert else { return nil }
            throw ValidationError("--cacert '\(cacert)' says nothing without a URL that begins with https://")
        }
        if insecure, let cacert {
            throw ValidationError("--insecure and --cacert '\(cacert)' exclude each other; give one")
        }
        return ProbePlan.TLSOptions(isInsecure: insecure, certificates: cacert)
    }

    private func speakHTTP2(_ plan: inout ProbePlan) throws {
        guard http2 else {
            guard let streams else { return }
            throw ValidationError("--streams \(streams) says nothing without --http2")
        }
        let others: [(String, Bool)] = [
            ("--mode", !modes.isEmpty), ("--idle", idle != 0), ("--drip", drip != 0), ("--websocket", webSockets != 0),
        ]
        if let (name, _) = others.first(where: \.1) {
            throw ValidationError("\(name) is for HTTP/1.1 and --http2 is not; run the probe twice, even at once")
        }
        plan.streams = try Self.whole(streams ?? 8, "--streams", 1...1000)
        plan.modes = [.stream]
    }

    private func target() throws -> ProbeTarget {
        guard let unix else {
            do { return try ProbeTarget(url: url ?? "http://127.0.0.1:8080") } catch let error as ProbeTarget.Malformed
            {
                throw ValidationError(error.description)
            }
        }
        guard url == nil else {
            throw ValidationError("URL '\(url ?? "")' and --unix \(unix) exclude each other; give one")
        }
        // sockaddr_un.sun_path with its final null byte, unix(7).
        guard (1...107).contains(unix.utf8.count) else {
            throw ValidationError("--unix '\(unix)' must be a path of 1 to 107 bytes")
        }
        return .unix(path: unix)
    }

    private func load() throws -> ProbePlan.Load {
        guard let restart else {
            let others: [(String, Bool)] = [
                ("--restarts", restarts != nil), ("--interval", interval != nil), ("--settle", settle != nil),
                ("--restart-timeout", restartTimeout != nil),
            ]
            if let (name, _) = others.first(where: \.1) {
                throw ValidationError("\(name) says nothing without --restart COMMAND")
            }
            return .steady(try Self.seconds(duration ?? 10, "--duration", from: 0.001))
        }
        guard !restart.isEmpty else { throw ValidationError("--restart '' is no command") }
        guard duration == nil else {
            throw ValidationError(
                "--duration and --restart exclude each other; --restarts, --interval and --settle say how long it takes"
            )
        }
        return .restarts(
            ProbePlan.RestartPlan(
                command: restart,
                count: try Self.whole(restarts ?? 1, "--restarts", 1...100_000),
                interval: try Self.seconds(interval ?? 1, "--interval"),
                settle: try Self.seconds(settle ?? 2, "--settle"),
                timeout: try Self.seconds(restartTimeout ?? 120, "--restart-timeout", from: 0.001)
            )
        )
    }

    /// A request that the probe itself makes longer than its timeout can only fail.
    private func checkTimeout(_ plan: ProbePlan) throws {
        let own: [(ProbeMode, String, Duration)] = [
            (.connectPause, "--pause", plan.pause), (.slowBody, "--body-time", plan.bodyTime),
            (.long, "--long-duration", plan.longDuration),
        ]
        for (mode, name, duration) in own where plan.modes.contains(mode) && duration >= plan.timeout {
            throw ValidationError(
                "\(name) \(duration.inSeconds) leaves nothing of --timeout \(timeout) for an answer; make the timeout longer"
            )
        }
    }

    private func checkDrip(_ plan: ProbePlan) throws {
        let bytes = ProbeRequest.make(for: .drip, plan: plan).pieces.count
        let time = plan.dripInterval * (bytes - 1)
        guard plan.drip > 0, time >= plan.timeout else { return }
        throw ValidationError(
            "--drip-interval \(plan.dripInterval.inSeconds) makes the \(bytes) bytes of a request take \(time.inSeconds) s, "
                + "which leaves nothing of --timeout \(timeout) for an answer; make the timeout longer"
        )
    }

    private static func whole(_ value: Int, _ name: String, _ range: ClosedRange<Int>) throws -> Int {
        guard range.contains(value) else {
            throw ValidationError("\(name) \(value) is not from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    private static func path(_ path: String, _ name: String) throws -> String {
        guard path.hasPrefix("/"), path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw ValidationError("\(name) '\(path)' must begin with / and consist of printable ASCII without spaces")
        }
        return path
    }

    private static func seconds(_ value: Double, _ name: String, from least: Double = 0) throws -> Duration {
        let most = 86_400.0
        guard (least...most).contains(value) else {
            throw ValidationError("\(name) \(value) is not from \(least) to \(most) seconds")
        }
        return .nanoseconds(Int64((value * 1e9).rounded()))
    }
}
