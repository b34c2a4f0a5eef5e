/// What the command line asks for: `websocket|events PORT CLIENTS RESTARTS COMMAND`.
struct Plan: Sendable {
    enum Kind: String, Sendable {
        case webSocket = "websocket"
        case events
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// All of it has to be over by then, in seconds.
    static let limit = 100.0

    let kind: Kind
    let port: Int
    let clients: Int
    let restarts: Int
    /// Restarts the server; for `sh -c`.
    let command: String

    init(_ arguments: ArraySlice<String>) throws {
        let words = Array(arguments)
        guard words.count == 5, let kind = Kind(rawValue: words[0]), let port = Int(words[1]),
            let clients = Int(words[2]), (1...1000).contains(clients),
            let restarts = Int(words[3]), (1...100).contains(restarts)
        else { throw Failure(description: "usage: stream-client websocket|events PORT CLIENTS RESTARTS COMMAND") }
        (self.kind, self.port, self.clients, self.restarts) = (kind, port, clients, restarts)
        self.command = words[4]
    }
}
