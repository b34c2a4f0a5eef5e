import ArgumentParser
import Foundation
import NIOCore

/// `baton probe`: puts a load on a server, restarts it, and accounts for every request.
struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Put a load on a server, restart it, and account for every request.",
        discussion: """
            Each client sends a request, reads the whole answer, checks it, and sends the next. Nothing is ever sent \
            twice. A connection that the server closes cleanly before a byte of a request was written to it is counted \
            apart, as no request is lost by it. So is every connection that the server closes though its client \
            had not asked for that, with or without `Connection: close`; with --no-close it is a failure.

            MODES
              new-connection    a new connection for each request
              keep-alive        one connection, one request after the other
              keep-alive-pause  the same with --pause between them
              connect-pause     a new connection, and --pause before the request
              slow-body         a POST whose body is sent over --body-time
              long              a few that take the server --long-duration
            The last two ask for /sleep/, the others for --path. With --http2 each of --connections has --streams requests \
            under way; one that the server turns away (GOAWAY, REFUSED_STREAM) can be sent again and is no failure, what is \
            reset or has no answer when its connection ends is one.

            ANY SERVER
            The answers of `app` name their process, and it has /sleep/. Another server needs --any-body, and then has the first \
            four modes:

              baton probe --any-body --path /health --restart 'systemctl restart x' --idle 20

            CLOSED AND OPEN LOOPS
            In a closed loop a server that stalls is asked less, and what it would have kept waiting is missing from the \
            latencies. With --arrival-rate requests are due at fixed times, whatever became of the others, and each latency \
            counts from then; a request that finds no connection free waits. The report says what the probe itself used of the \
            processor, and when it was the probe that was measured.

            CONNECTIONS AND REQUESTS OVER A RESTART
            --idle opens keep-alive connections, has a request answered on each, and leaves them idle. When a restart \
            command is done, a request is sent on each that is still open: it should be answered there, and by the new \
            process. That the old one answers is told and no failure; it happens with a command that does not wait for \
            the restart, as `kill -HUP`. Before the next restart others are opened in place of those that were closed.
            --drip has clients send well-formed requests byte by byte over keep-alive connections, so that a restart finds \
            some in the middle; the report says which process answered these, and those of slow-body. The first requests \
            of the clients begin with more than a byte at once, each with more than the one before, the last one with all.
            --websocket has messages echoed. A WebSocket that is closed with 1001 or 1012 connects again, and that is no \
            failure; no Close (1006) and any other code are.

            EXIT STATUS
              0    nothing failed
              1    a request or a restart command failed, or nothing was answered,
                   or, with --no-close, a connection was closed
              3    requests begun and requests ended do not add up
              64   wrong usage
              130  interrupted, and nothing had failed
            """
    )

    @OptionGroup var options: ProbeOptions

    func validate() throws { _ = try options.plan() }

    func run() async throws {
        let plan = try options.plan()
        let server = try server(plan)
        try checkOutputs()
        try allowOpenFiles(plan.descriptors)
        let run = ProbeRun(plan, server: server)
        let signals = StopSignals()
        let stops = signals.received
        let stopping = Task { for await _ in stops { run.interrupt() } }
        let progress = Task { await ProgressLine(run: run).show() }
        let result = try await run.run()
        progress.cancel()
        await progress.value
        stopping.cancel()
        signals.end()
        let report = ProbeReport(result, plan: plan)
        try publish(report, result)
        if report.exitStatus != 0 { throw ExitCode(report.exitStatus) }
    }

    private func server(_ plan: ProbePlan) throws -> ServerAddress {
        let address: SocketAddress
        do { address = try plan.target.resolve() } catch {
            throw ValidationError("\(plan.target.words) cannot be resolved to an address: \(error)")
        }
        do { return try ServerAddress(address, plan) } catch {
            throw ValidationError(
                "--cacert '\(plan.tls?.certificates ?? "")' cannot be read as PEM certificates: \(error)"
            )
        }
    }

    private func allowOpenFiles(_ count: Int) throws {
        let error = OpenFiles.raise(to: count)
        guard error != 0 else { return }
        throw ValidationError(
            "the limit of open files, \(OpenFiles.softLimit), cannot be raised to the \(count) that the connections can "
                + "need: \(String(cString: strerror(error))); raise it with `ulimit -n`"
        )
    }

    /// A report that cannot be written is better known before the run than after it.
    private func checkOutputs() throws {
        for (option, path) in [("--json", options.json), ("--report", options.report)] {
            guard let path, option != "--json" || path != "-" else { continue }
            do { try OutputFile(path: path).check() } catch {
                throw ValidationError("\(option) '\(path)' cannot be written: \(error)")
            }
        }
    }

    /// The report for people goes to standard output, unless the JSON is wanted there.
    private func publish(_ report: ProbeReport, _ result: ProbeRun.Result) throws {
        let text = Data(ReportText(report: report).text.utf8)
        try (options.json == "-" ? FileHandle.standardError : .standardOutput).write(contentsOf: text)
        if let path = options.json { try report.writeJSON(to: path) }
        if let path = options.report {
            let page = try ReportPage(report: report, record: result.record, duration: result.duration).html()
            try OutputFile(path: path).write(Data(page.utf8))
        }
    }
}
