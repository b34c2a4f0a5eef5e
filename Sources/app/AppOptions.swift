import ArgumentParser
import ArticleRoutes
import Baton

/// The command line of `app`.
struct AppOptions: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "app",
        abstract: "The server of the article on graceful restart: answers as late as it is asked to.",
        discussion: """
            Under systemd it serves the sockets that it is given; otherwise it listens where the options say.

              GET, POST /sleep/?duration=20s   waits (in Go's syntax), then answers
              GET /bytes/1000000               sends that many bytes
              GET /health                      ok, or 503 draining while it drains
              GET /                            name, version, pid

            On TERM it answers what it has received, and exits.
            """,
        version: ArticleRouter.version
    )

    @Option(help: "The address to listen on, without systemd: a name, an IPv4 or an IPv6 address (:: is both).")
    var hostname = "127.0.0.1"

    @Option(
        name: .customLong("port"),
        help: "A TCP port to listen on, without systemd; 0 lets the system choose. Repeatable. (default: 8080)"
    )
    var ports: [Int] = []

    @Option(
        name: .customLong("unix"),
        help: "The path of a UNIX socket to listen on, without systemd; @name is an abstract one. Repeatable."
    )
    var paths: [String] = []

    @Option(help: "How many seconds a drain may take; then what is left is cut.")
    var drainTimeout = 30.0

    @Option(help: "For how many seconds idle keep-alive connections are still served in a drain.")
    var linger = 0.25

    @Option(help: "The name of the sockets to serve under systemd: FileDescriptorName= of their socket units.")
    var socketName = "http"

    func validate() throws {
        try Self.requireSeconds(drainTimeout, option: "--drain-timeout")
        try Self.requireSeconds(linger, option: "--linger")
        for port in ports where !(0...65535).contains(port) {
            throw ValidationError("--port \(port): a port is a number from 0 to 65535")
        }
    }

    private static func requireSeconds(_ value: Double, option: String) throws {
        guard value >= 0, value <= 86_400 else {
            throw ValidationError("\(option) \(value): it is a number of seconds from 0 to 86400 (a day)")
        }
    }

    /// Where to listen if nobody passes a socket: port 8080 unless something else is named.
    var addresses: [ListenAddress] {
        let chosen = ports.isEmpty && paths.isEmpty ? [8080] : ports
        return chosen.map { .tcp(host: hostname, port: $0) } + paths.map { .unix(path: $0) }
    }

    var drain: DrainConfiguration {
        DrainConfiguration(timeout: .seconds(drainTimeout), linger: .seconds(linger))
    }
}
