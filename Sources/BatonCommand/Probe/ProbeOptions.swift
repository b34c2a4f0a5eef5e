import ArgumentParser

/// The options of `baton probe` as they are typed. Numbers take whatever follows them (`.unconditional`), so that a
/// negative one is objected to as such and not taken for an option.
struct ProbeOptions: ParsableArguments {
    @Argument(
        help:
            "Where the server listens: http://HOST:PORT or https://, an IPv6 address in brackets. (default: http://127.0.0.1:8080)"
    )
    var url: String?

    @Option(help: ArgumentHelp("Speak to this UNIX socket instead.", valueName: "path"))
    var unix: String?

    @Flag(help: "Take any certificate of an https:// server for right.")
    var insecure = false

    @Option(help: ArgumentHelp("Trust the certificates in this file, PEM, and not the system's.", valueName: "file"))
    var cacert: String?

    @Flag(
        name: .customLong("http2"),
        help: "Speak HTTP/2: by ALPN to an https:// server, else from the first byte; a mode of its own."
    )
    var http2 = false

    @Option(parsing: .unconditional, help: "Requests under way on each connection of --http2. (default: 8)")
    var streams: Int?

    @Option(
        parsing: .unconditional,
        help: "How many clients, each with one connection at a time; 0 with --idle, --drip or --websocket."
    )
    var connections = 32

    @Option(parsing: .unconditional, help: "How many event loop threads carry the clients.")
    var threads = 1

    @Option(
        name: .customLong("mode"),
        help: ArgumentHelp(
            "What clients do; repeatable, the clients are spread over them. (default: all; with --any-body the first four)",
            valueName: "mode"
        )
    )
    var modes: [ProbeMode] = []

    @Option(parsing: .unconditional, help: "Requests per second and client; 0 is as fast as the server answers.")
    var rate = 0.0

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Open loop: this many requests per second in all, each sent when it is due, whatever became of the others.",
            valueName: "rate"
        )
    )
    var arrivalRate: Double?

    @Option(parsing: .unconditional, help: "Seconds that keep-alive-pause and connect-pause wait.")
    var pause = 0.1

    @Option(parsing: .unconditional, help: "Seconds that the body of slow-body takes.")
    var bodyTime = 0.5

    @Option(parsing: .unconditional, help: "Seconds that a request of mode long asks the server to sleep.")
    var longDuration = 2.0

    @Option(parsing: .unconditional, help: "Seconds for one request, connect included, before it counts as timed out.")
    var timeout = 30.0

    @Option(
        help:
            "What short requests ask for. The answer must name the pid; /sleep/ and /bytes/N are checked for what they are."
    )
    var path = "/"

    @Option(
        parsing: .unconditional,
        help:
            "Besides the load, keep this many connections idle over each restart, and send a request on each when its command is done."
    )
    var idle = 0

    @Option(
        parsing: .unconditional,
        help: "Besides the load, have this many clients send their requests byte by byte, over and over."
    )
    var drip = 0

    @Option(parsing: .unconditional, help: "Seconds from one byte of --drip to the next. (default: 0.1)")
    var dripInterval: Double?

    @Option(
        name: .customLong("websocket"),
        parsing: .unconditional,
        help: ArgumentHelp(
            "Besides the load, keep this many WebSockets open, and have messages echoed on each with --pause between them.",
            valueName: "count"
        )
    )
    var webSockets = 0

    @Option(
        name: .customLong("websocket-path"),
        help: ArgumentHelp("What the WebSockets ask for. (default: /echo)", valueName: "path")
    )
    var webSocketPath: String?

    @Flag(help: "For a server that is not app: take any complete answer with status 200 to a short request for right.")
    var anyBody = false

    @Flag(help: "Fail if the server closes a connection on which its client could have gone on.")
    var noClose = false

    @Option(parsing: .unconditional, help: "Seconds to run, without restarts. (default: 10)")
    var duration: Double?

    @Option(help: ArgumentHelp("Restart the server with this, run by /bin/sh -c.", valueName: "command"))
    var restart: String?

    @Option(parsing: .unconditional, help: "How many restarts. (default: 1)")
    var restarts: Int?

    @Option(
        parsing: .unconditional,
        help: "Seconds from the start of one restart to the start of the next. (default: 1)"
    )
    var interval: Double?

    @Option(parsing: .unconditional, help: "Seconds of load before the first and after the last restart. (default: 2)")
    var settle: Double?

    @Option(parsing: .unconditional, help: "Seconds after which a restart command is killed. (default: 120)")
    var restartTimeout: Double?

    @Option(
        help: ArgumentHelp(
            "Write a page that shows every request of the run to this file, for a browser.",
            valueName: "file"
        )
    )
    var report: String?

    @Option(help: ArgumentHelp("Write the report as JSON to this file; - is standard output.", valueName: "path"))
    var json: String?
}
