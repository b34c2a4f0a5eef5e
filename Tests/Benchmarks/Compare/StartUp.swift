import Glibc

/// From exec to `READY=1`, and what it is spent on.
///
/// The parts are what programs that stop earlier take: a shell that becomes true(1), then what the shell becomes instead.
struct StartUp {
    private struct Kind {
        let name: String
        let command: String
        /// Whether it tells READY, or just ends.
        let isServer: Bool
    }

    let binaries: String
    let starts: Int

    func run() throws {
        let kinds = [
            Kind(name: "the shell that passes the socket", command: "exec true", isServer: false),
            Kind(name: "the C server, to READY", command: "exec \(binaries)/plain-server", isServer: true),
            Kind(name: "app, loaded, options parsed, exit", command: "exec \(binaries)/app --version", isServer: false),
            Kind(name: "app, to READY", command: "exec \(binaries)/app", isServer: true),
        ]
        var times = kinds.map { _ in [Double]() }
        var faults = kinds.map { _ in [Double]() }
        for _ in 0..<starts {
            for (index, kind) in kinds.enumerated() {
                let (milliseconds, usage) = try start(kind)
                times[index].append(milliseconds)
                faults[index].append(Double(usage.ru_minflt))
            }
        }

        print("start-up in ms, medians of \(starts) alternating starts")
        for (kind, (times, faults)) in zip(kinds, zip(times, faults)) {
            print(
                "  \(kind.name)\(right(fixed(median(times), 1), 44 - kind.name.count))"
                    + "   (\(fixed(times.min() ?? 0, 1)) to \(fixed(times.max() ?? 0, 1)); page faults \(fixed(median(faults), 0)))"
            )
        }
        let parts = times.map(median)
        print(
            "  of app's \(fixed(parts[3] - parts[0], 1)) ms after the shell: loading and options \(fixed(parts[2] - parts[0], 1)), sockets, event loops and services \(fixed(parts[3] - parts[2], 1))"
        )
    }

    private func start(_ kind: Kind) throws -> (milliseconds: Double, usage: rusage) {
        let listener = try listen()
        let notify = try NotifySocket()
        defer {
            close(listener)
            notify.close()
        }
        let begin = ContinuousClock.now
        let child = try Child(
            ["/bin/sh", "-c", "LISTEN_PID=$$ \(kind.command)"],
            environment: ["NOTIFY_SOCKET": notify.address, "LISTEN_FDS": "1", "LISTEN_FDNAMES": "http"],
            listener: listener
        )
        if kind.isServer { try notify.waitForReady(seconds: 10) }
        let ready = ContinuousClock.now
        let usage = child.end(signal: kind.isServer ? SIGTERM : nil)
        let end = kind.isServer ? ready : ContinuousClock.now
        return ((end - begin) / .milliseconds(1), usage)
    }

    /// A TCP socket on a port the kernel chooses.
    private func listen() throws -> CInt {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0, Glibc.listen(descriptor, 16) == 0 else {
            throw BenchmarkError(description: "no listen socket: \(String(cString: strerror(errno)))")
        }
        return descriptor
    }
}
