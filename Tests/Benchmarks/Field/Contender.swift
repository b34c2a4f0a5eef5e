import MachineKit
import SystemdTestKit

/// A server and a way to restart it.
struct Contender: Sendable {
    let name: String
    let units: UnitPair
    let port: UInt16
    /// The shell command.
    let restart: String

    /// All of them. They are installed one at a time: some have the same names.
    static func all(in machine: Machine) throws -> [Contender] {
        let app = try UnitPair.app()
        let supervised = try UnitPair.supervised()
        let restart = "systemctl restart app.service"
        return [
            Contender(name: "Baton, `systemctl restart`", units: app, port: 8080, restart: restart),
            Contender(name: "Baton supervised, `systemctl restart`", units: supervised, port: 8080, restart: restart),
            Contender(
                name: "Baton supervised, `systemctl reload`",
                units: supervised,
                port: 8080,
                restart: "systemctl reload app.service"
            ),
            Contender(
                name: "plain C on `app.socket`, `systemctl restart`",
                units: try .plain(),
                port: 8090,
                restart: "systemctl restart plain.service"
            ),
            Contender(
                name: "stock Hummingbird, `systemctl restart`",
                units: stock("stock", port: 8091),
                port: 8091,
                restart: "systemctl restart stock.service"
            ),
            Contender(
                name: "nginx, reload",
                units: nginx,
                port: 8092,
                // The command returns at once; until the new workers serve, the old ones do.
                restart: "systemctl reload nginx-field.service"
            ),
            Contender(
                name: "nginx, binary upgrade",
                units: nginx,
                port: 8092,
                restart: "/usr/local/bin/nginx-upgrade"
            ),
            Contender(
                name: "`start_server` with Starlet (Perl), HUP",
                units: startServer(
                    "perl",
                    port: 8093,
                    "plackup -s Starlet -E production --max-workers 16 /usr/local/bin/server.psgi"
                ),
                port: 8093,
                restart: "systemctl reload perl.service"
            ),
            Contender(
                name: "`start_server` with net/http (Go), HUP",
                units: startServer("go", port: 8094, "/usr/local/bin/go-server"),
                port: 8094,
                restart: "systemctl reload go.service"
            ),
        ]
    }

    /// Another stock Hummingbird, which is there all the time: the throughput of all is given as a multiple of its.
    static var reference: Contender {
        let name = "reference"
        return Contender(
            name: name,
            units: stock(name, port: 8095),
            port: 8095,
            restart: "systemctl restart \(name).service"
        )
    }

    private static func stock(_ name: String, port: UInt16) -> UnitPair {
        alone(name, "ExecStart=/usr/local/bin/stock-server \(port)")
    }

    private static func alone(_ name: String, _ settings: String) -> UnitPair {
        let service = """
            [Unit]
            StartLimitIntervalSec=0
            [Service]
            Restart=always
            RestartSec=100ms
            LimitNOFILE=65536
            \(settings)

            """
        return UnitPair(name: name, socket: nil, service: service)
    }

    private static var nginx: UnitPair {
        alone(
            "nginx-field",
            """
            Type=forking
            PIDFile=/run/nginx-field.pid
            ExecStart=/usr/sbin/nginx -c /usr/local/bin/nginx.conf
            ExecReload=/usr/sbin/nginx -c /usr/local/bin/nginx.conf -s reload
            KillSignal=SIGQUIT
            """
        )
    }

    /// A second is what it takes for a program that does not speak to count as started, and the least it can be told.
    private static func startServer(_ name: String, port: UInt16, _ command: String) -> UnitPair {
        alone(
            name,
            """
            ExecStart=/usr/bin/start_server --port=\(port) --interval=1 -- \(command)
            ExecReload=/bin/kill -HUP $MAINPID
            """
        )
    }
}
