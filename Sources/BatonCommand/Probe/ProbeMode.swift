import ArgumentParser

/// How a client behaves between and within its requests.
enum ProbeMode: String, CaseIterable, Codable, Sendable, ExpressibleByArgument {
    case newConnection = "new-connection"
    case keepAlive = "keep-alive"
    case keepAlivePause = "keep-alive-pause"
    case connectPause = "connect-pause"
    case slowBody = "slow-body"
    case long
    /// Only with `--http2`, and then the only one: each request in a stream of its own, on connections that are shared.
    case stream = "http2"
    /// Only with `--websocket`: messages that come back.
    case webSocket = "websocket"
    /// Only with `--drip`: one connection, on which requests are sent byte by byte.
    case drip
    /// Only with `--idle`: a connection that is kept over a restart, and asked once after it.
    case idle

    /// Those of the load, which `--mode` names.
    static let load: [ProbeMode] = [.newConnection, .keepAlive, .keepAlivePause, .connectPause, .slowBody, .long]

    /// Those that ask for nothing but the path that is given: a server that is not `app` has no `/sleep/`.
    static let anyServer: [ProbeMode] = [.newConnection, .keepAlive, .keepAlivePause, .connectPause]

    /// Those that an open loop can have: the others wait on purpose, and so have a rate of their own.
    static let openLoop: [ProbeMode] = [.newConnection, .keepAlive, .stream]

    static var allValueStrings: [String] { load.map(\.rawValue) }

    init?(argument: String) {
        guard Self.allValueStrings.contains(argument) else { return nil }
        self.init(rawValue: argument)
    }

    /// Whether the client sends its next request on the connection of the last one.
    var keepsConnection: Bool {
        switch self {
        case .keepAlive, .keepAlivePause, .slowBody, .webSocket, .drip, .idle: true
        case .newConnection, .connectPause, .long, .stream: false
        }
    }

    /// Whether its latencies go into the histograms of the load: those of `slow-body`, `long` and `drip` consist of
    /// waiting that was asked for, those of `idle` are told apart, those of `websocket` are no requests.
    var isInHistogram: Bool {
        switch self {
        case .newConnection, .keepAlive, .keepAlivePause, .connectPause, .stream: true
        case .slowBody, .long, .webSocket, .drip, .idle: false
        }
    }

    /// Whether a time without answers says something about the server, and not only that nothing was asked.
    var showsGaps: Bool { self != .drip && self != .idle && self != .webSocket }

    /// Whether a request is sent in pieces, so that a restart can begin in the middle of it.
    var sendsInPieces: Bool { self == .slowBody || self == .drip }

    /// Whether its connection is that of others, too, who are not told of its end one by one.
    var sharesConnection: Bool { self == .stream }

    /// Whether a request is sent when it is ordered, not when the last one is done.
    var awaitsOrders: Bool { self == .idle }
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
