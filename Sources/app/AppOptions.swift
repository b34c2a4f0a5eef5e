import ArgumentParser
import ArticleRoutes
import Baton
import BatonTLS

/// The command line of `app`.
struct AppOptions: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "app",
        abstract: "The server of the article on graceful restart: answers as late as it is asked to.",
        discussion: """
            Under systemd it serves the sockets that it is given; otherwise it listens where the options say.

              GET, POST /sleep/?duration=20s   waits (in Go's syntax), then answers
              GET /bytes/1000000               sends that many bytes
              GET /events                      server-sent events, ten a second; Last-Event-ID goes on where they ended
              GET /echo                        a WebSocket that sends messages back
              GET /health                      ok, or 503 draining while it drains
              GET /                            name or greeting, version, pid

            It speaks HTTP/1.1, and HTTP/2 to clients that begin with it. On TERM it answers what it has received, and exits. \
            On HUP (`systemctl reload`) it reads the files of --config and --tls-certificate again. QUIT makes the end of a drain now: what is left is cut. Times are seconds, or have a unit: 0.25, 250ms, 1m30s.
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

    @Option(
        help: ArgumentHelp("How long a drain may take; then what is left is cut. (default: 30s)", valueName: "time"),
        transform: Seconds.init
    )
    var drainTimeout = Seconds.seconds(30)

    @Option(
        help: ArgumentHelp(
            "How long idle keep-alive connections are still served in a drain. (default: 250ms)",
            valueName: "time"
        ),
        transform: Seconds.init
    )
    var linger = Seconds.milliseconds(250)

    @Option(
        help: ArgumentHelp(
            """
            How long a drain waits for a client that is sending a request, and a second more for each 500 bytes; then its \
            connection is cut. (default: 5s)
            """,
            valueName: "time"
        ),
        transform: Seconds.init
    )
    var requestGrace = Seconds.seconds(5)

    @Option(
        help: ArgumentHelp(
            """
            Exit when there has been no connection for that long; the next one starts the service again. Only where \
            systemd or start_server holds the socket.
            """,
            valueName: "time"
        ),
        transform: Seconds.init
    )
    var idleExit: Seconds?

    @Option(
        help: ArgumentHelp(
            """
            How long new connections are still served after TERM, while /health says 503: for load balancers that look at \
            it. (default: 0)
            """,
            valueName: "time"
        ),
        transform: Seconds.init
    )
    var lameDuck = Seconds.seconds(0)

    @Option(
        help: ArgumentHelp(
            """
            Restart at this signal, USR1 or USR2: start a successor, and drain when it serves. A successor that does not \
            get that far changes nothing.
            """,
            valueName: "signal"
        ),
        transform: RestartSignal.init
    )
    var restartSignal: RestartSignal?

    @Option(
        help: ArgumentHelp(
            "How long the start of a successor may take; then it is ended. (default: 60s)",
            valueName: "time"
        ),
        transform: Seconds.init
    )
    var restartTimeout = Seconds.seconds(60)

    @Option(
        help: ArgumentHelp(
            "A JSON file: greeting, with which GET / begins, and logLevel (trace to critical).",
            valueName: "file"
        )
    )
    var config: String?

    @Flag(
        help:
            "Add routes that do harm: /trial/hang?duration=5s stops an event loop, /trial/child shows what a child has."
    )
    var trialRoutes = false

    @Option(help: "The name of the sockets to serve under systemd: FileDescriptorName= of their socket units.")
    var socketName = "http"

    @Option(
        help: ArgumentHelp(
            """
            Serve HTTPS, too, with the certificate and intermediate ones in this PEM file. It is read again on HUP. %d/NAME in \
            ExecStart= is a credential of the unit.
            """,
            valueName: "file"
        )
    )
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("The PEM file with the key of --tls-certificate.", valueName: "file"))
    var tlsKey: String?

    @Option(
        name: .customLong("tls-port"),
        help: "A TCP port to listen on for HTTPS, without systemd. Repeatable. (default: 8443)"
    )
    var tlsPorts: [Int] = []

    @Option(help: "The name of the sockets for HTTPS under systemd; under a supervisor, the port as it is given there.")
    var tlsSocketName = "https"

    func validate() throws {
        if let idleExit, idleExit.duration == .zero {
            throw ValidationError("--idle-exit \(idleExit): a time above 0 is needed")
        }
        for (option, ports) in [("--port", ports), ("--tls-port", tlsPorts)] {
            for port in ports where !(0...65535).contains(port) {
                throw ValidationError("\(option) \(port): a port is a number from 0 to 65535")
            }
        }
        switch (tlsCertificate, tlsKey) {
        case (.some, nil): throw ValidationError("--tls-certificate: --tls-key is missing")
        case (nil, .some): throw ValidationError("--tls-key: --tls-certificate is missing")
        case (nil, nil):
            if let port = tlsPorts.first {
                throw ValidationError("--tls-port \(port): --tls-certificate and --tls-key are missing")
            }
        case (.some, .some):
            if tlsSocketName == socketName {
                throw ValidationError("--tls-socket-name \(tlsSocketName): it is that of --socket-name, too")
            }
        }
    }

    /// The files of the certificate, if HTTPS is to be served.
    var tlsFiles: TLSFiles? {
        guard let tlsCertificate, let tlsKey else { return nil }
        return TLSFiles(certificate: tlsCertificate, key: tlsKey)
    }

    /// Where to listen for HTTPS if nobody passes a socket.
    var tlsAddresses: [ListenAddress] {
        guard tlsFiles != nil else { return [] }
        return (tlsPorts.isEmpty ? [8443] : tlsPorts).map { .tcp(host: hostname, port: $0) }
    }

    /// Where to listen if nobody passes a socket: port 8080 unless something else is named.
    var addresses: [ListenAddress] {
        let chosen = ports.isEmpty && paths.isEmpty ? [8080] : ports
        return chosen.map { .tcp(host: hostname, port: $0) } + paths.map { .unix(path: $0) }
    }

    var drain: DrainConfiguration {
        DrainConfiguration(
            timeout: drainTimeout.duration,
            linger: linger.duration,
            requestGrace: requestGrace.duration
        )
    }
}
