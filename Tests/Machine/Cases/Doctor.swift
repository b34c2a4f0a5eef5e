import Foundation
import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// `baton doctor` about installed units and how they run.
    @Suite struct Doctor {
        private struct Report: Decodable {
            struct Finding: Decodable {
                let id: String
                let severity: String
                let message: String
                let file: String
            }
            struct Unchecked: Decodable {
                let what: String
                let why: String
            }
            let service: String
            let systemd: Int
            let exposure: Double?
            let findings: [Finding]
            let unchecked: [Unchecked]

            /// Those that are no hints.
            var ids: [String] { findings.filter { $0.severity != "hint" }.map(\.id) }
        }

        private func doctor(_ server: Server) async throws -> (status: Int, report: Report) {
            let result = try await server.machine.run("/usr/local/bin/baton", "doctor", server.service, "--json")
            do {
                return (result.status, try JSONDecoder().decode(Report.self, from: Data(result.output.utf8)))
            } catch { throw MachineError("baton doctor wrote no report: \(result)") }
        }

        @Test(.timeLimit(.minutes(1)), arguments: ["app.service", "app-supervised.service"])
        func ourUnitsAreAsTheyShouldBe(file: String) async throws {
            let machine = try await Machine.shared
            let units = try #require(Units.all[file])
            let server = try await Server.install(units(), in: machine)
            #expect(try await server.get("/").status == 200)
            let (status, report) = try await doctor(server)
            #expect(status == 0, "\(report)")
            // Installed in /run, and not enabled.
            #expect(report.findings.map(\.id) == ["not-enabled"], "\(report)")
            #expect(report.unchecked.map(\.what) == [], "\(report)")
            #expect(report.systemd == machine.systemdVersion)
            #expect(try #require(report.exposure) <= 1.5)
            let text = try await machine.run("/usr/local/bin/baton", "doctor", "app")
            #expect(text.status == 0)
            #expect(
                text.output.hasPrefix("app.service, app.socket: 1 hint (systemd \(machine.systemdVersion), "),
                "\(text)"
            )
        }

        @Test(.timeLimit(.minutes(1)))
        func aBacklogThatIsNotInForce() async throws {
            let machine = try await Machine.shared
            let path = "/run/app-doctor.sock"
            let before = DropIn.socket("[Socket]\nBacklog=200\nListenStream=\(path)\n")
            let server = try await Server.install(.app(), in: machine, dropIns: [before], start: false)
            #expect(try await doctor(server).report.ids == [])
            try await server.removeDropIns()
            let (status, report) = try await doctor(server)
            #expect(status == 1)
            #expect(report.ids == ["backlog-in-force"], "\(report)")
            #expect(report.findings.first?.message.hasPrefix("of [::]:8080, the kernel lets 200 ") == true, "\(report)")
            try await machine.check("systemctl", "restart", server.socket)
            #expect(try await doctor(server).report.ids == [])
        }

        @Test(.timeLimit(.minutes(1)))
        func aBacklogThatTheKernelCuts() async throws {
            let machine = try await Machine.shared
            let most = try await machine.check("cat", "/proc/sys/net/core/somaxconn")
            let dropIn = DropIn.socket("[Socket]\nBacklog=\((Int(most) ?? 0) + 1)\n")
            let server = try await Server.install(.app(), in: machine, dropIns: [dropIn], start: false)
            #expect(try await doctor(server).report.ids == ["backlog-cut"])
        }

        @Test(.timeLimit(.minutes(1)))
        func aScopeOfAnEarlierGeneration() async throws {
            let machine = try await Machine.shared
            let server = try await Server.install(.supervised(), in: machine)
            let old = try #require(try await server.get("/").pid)
            let long = try await server.connect()
            try await long.send("GET /sleep/?duration=15s HTTP/1.1\r\nHost: machine\r\n\r\n")
            try await machine.waitForEmptyBacklog(of: server.units.port)
            try await server.systemctl("restart")
            let (status, report) = try await doctor(server)
            #expect(status == 0, "\(report)")
            let draining = try #require(report.findings.first { $0.id == "draining" }, "\(report)")
            #expect(draining.message.hasPrefix("app-drain-\(old).scope of an earlier generation"), "\(draining)")
            #expect(try await long.reply(seconds: 30)?.pid == old)
            try await machine.waitUntil { try await machine.scopes("app-drain-*").isEmpty }
            #expect(try await !doctor(server).report.findings.contains { $0.id == "draining" })
        }

        @Test(.timeLimit(.minutes(1)))
        func aTypeThatThisSystemdDoesNotKnow() async throws {
            let machine = try await Machine.shared
            let dropIn = DropIn.service(try UnitPair.dropIn("systemd-254.conf"))
            let server = try await Server.install(.app(), in: machine, dropIns: [dropIn], start: false)
            let (status, report) = try await doctor(server)
            if machine.systemdVersion < 253 {
                #expect(status == 2)
                #expect(report.ids == ["type-unknown"], "\(report)")
                #expect(report.findings.first?.file == "/run/systemd/system/app.service.d/0.conf")
            } else {
                #expect(status == 0, "\(report)")
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func aSocketThatItsLimitHasClosed() async throws {
            let machine = try await Machine.shared
            let server = try await Server.install(
                .app(),
                in: machine,
                dropIns: [
                    .socket("[Socket]\nTriggerLimitIntervalSec=1min\nTriggerLimitBurst=1\n"), .command("/bin/false"),
                    .service("[Service]\nRestart=no\n"),
                ],
                start: false
            )
            // Nobody answers it, and that closes the socket.
            let connection = try await server.connect()
            try await machine.waitUntil {
                try await machine.check("systemctl", "show", "-P", "ActiveState", server.socket) == "failed"
            }
            _ = connection
            let (status, report) = try await doctor(server)
            #expect(status == 2)
            #expect(report.ids.prefix(2) == ["socket-inactive", "trigger-limit"], "\(report)")
            #expect(report.findings.first?.message.hasPrefix("is failed (trigger-limit-hit)") == true, "\(report)")
        }

        @Test(.timeLimit(.minutes(1)))
        func filesThatSystemdHasNotReadAgain() async throws {
            let machine = try await Machine.shared
            let server = try await Server.install(.app(), in: machine, start: false)
            let file = machine.path("/run/systemd/system/\(server.service)")
            try (server.units.service + "\n").write(toFile: file, atomically: true, encoding: .utf8)
            #expect(try await doctor(server).report.ids == ["daemon-reload"])
            try await machine.check("systemctl", "daemon-reload")
            #expect(try await doctor(server).report.ids == [])
        }

        @Test func whatIsNotThereIsWrongUsage() async throws {
            let machine = try await Machine.shared
            let result = try await machine.run("/usr/local/bin/baton", "doctor", "no-such.service")
            #expect(result.status == 64)
            #expect(result.errors.contains("there is no no-such.service in /etc/systemd/system"), "\(result)")
        }
    }
}
