import ArgumentParser

/// How a client behaves between and within its requests.
enum ProbeMode: String, CaseIterable, Codable, Sendable, ExpressibleByArgument {
    case newConnection = "new-connection"
    case keepAlive = "keep-alive"
    case keepAlivePause = "keep-alive-pause"
    case connectPause = "connect-pause"
    case slowBody = "slow-body"
    case long

    /// Whether the client sends its next request on the connection of the last one.
    var keepsConnection: Bool {
        switch self {
        case .keepAlive, .keepAlivePause, .slowBody: true
        case .newConnection, .connectPause, .long: false
        }
    }

    /// Whether its latencies go into the histograms: those of `slow-body` and `long` consist of waiting that was asked for.
    var isInHistogram: Bool {
        switch self {
        case .newConnection, .keepAlive, .keepAlivePause, .connectPause: true
        case .slowBody, .long: false
        }
    }
}

extension ProbeMode {
    /// Hands out modes to clients in turn; `long` gets a sixteenth of the clients, at least one.
    ///
    /// A long request says something about the restart it spans, many of them say no more and only thin out the others.
    static func assignment(of modes: [ProbeMode], to connections: Int) -> [ProbeMode] {
        let short = modes.filter { $0 != .long }
        guard modes.contains(.long), !short.isEmpty else {
            return (0..<connections).map { modes[$0 % modes.count] }
        }
        let long = max(1, connections / 16)
        return (0..<connections).map { $0 < connections - long ? short[$0 % short.count] : .long }
    }
}
