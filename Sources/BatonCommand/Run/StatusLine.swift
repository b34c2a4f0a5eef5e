import Baton
import Foundation

/// How the generations are, for `baton status`: a line of JSON.
struct StatusLine: Codable {
    struct Member: Codable {
        var generation: Int
        var pid: Int32
        /// `starting`, `serving`, `old` (not told yet to drain) or `draining`.
        var state: String
        /// Seconds since its start.
        var age: Double
    }

    var pid: Int32
    var command: [String]
    var age: Double
    var sockets: [String]
    /// How often a generation has taken over from another one.
    var restarts: Int
    var generations: [Member]
    var lastFailure: String?
    /// The process of the command of `--log-file`.
    var log: Int32?
}

extension Manager {
    func serveControl(_ descriptor: CInt) {
        guard let (client, question) = control?.ready(descriptor) else { return }
        switch question {
        case ControlProtocol.restart: tell(.restart(client, untilDrained: false))
        case ControlProtocol.restartUntilDrained: tell(.restart(client, untilDrained: true))
        case ControlProtocol.status: control?.answer(client, status)
        default: control?.answer(client, .failed("baton run does not know '\(question)'"))
        }
    }

    private var status: ControlProtocol.Answer {
        func age(_ instant: ContinuousClock.Instant) -> Double { Double((.now - instant).milliseconds) / 1000 }
        func member(_ generation: Generation, _ state: String) -> StatusLine.Member {
            .init(generation: generation.number, pid: generation.pid, state: state, age: age(generation.started))
        }
        let line = StatusLine(
            pid: getpid(),
            command: command,
            age: age(started),
            sockets: sockets.addresses,
            restarts: restarts,
            generations: supervision.old.map { member($0, $0.isDraining ? "draining" : "old") }
                + [
                    supervision.current.map { member($0, "serving") },
                    supervision.starting.map { member($0, "starting") },
                ]
                .compactMap { $0 },
            lastFailure: supervision.lastFailure?.description,
            log: logPID
        )
        guard let text = try? JSONEncoder().encode(line) else { return .failed("the status cannot be told") }
        return .said(String(decoding: text, as: UTF8.self))
    }
}
