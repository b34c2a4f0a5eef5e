import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// The units as they are installed by users.
    @Suite struct Units {
        /// Both kinds of them.
        static let all = ["app.service": UnitPair.app, "app-supervised.service": UnitPair.supervised]

        @Test(arguments: all.keys) func verifyPrintsNothing(file: String) async throws {
            let machine = try await Machine.shared
            let units = try #require(Self.all[file])
            let server = try await Server.install(units(), in: machine, start: false)
            // It exits with 0 for unknown settings: every line is a fault.
            let folder = "/run/systemd/system"
            let result = try await machine.run(
                "systemd-analyze",
                "verify",
                "\(folder)/\(server.socket)",
                "\(folder)/\(server.service)"
            )
            #expect(result.status == 0)
            #expect(result.output + result.errors == "")
        }

        @Test(arguments: all.keys) func exposureIsAtMostOnePointFive(file: String) async throws {
            let machine = try await Machine.shared
            let units = try #require(Self.all[file])
            let server = try await Server.install(units(), in: machine, start: false)
            let result = try await machine.run(
                "systemd-analyze",
                "security",
                "--no-pager",
                "--offline=true",
                "--threshold=15",
                "/run/systemd/system/\(server.service)"
            )
            #expect(result.status == 0, "\(result)")
        }

        @Test func theHardeningTakesNothingAwayThatTheServerAsksFor() async throws {
            let machine = try await Machine.shared
            let mark = try await machine.markJournal()
            let server = try await Server.install(.app(), in: machine)
            #expect(try await server.get("/sleep/?duration=1ms").status == 200)
            try await server.systemctl("stop")
            let journal = try await server.journal(since: mark)
            // About the machine, not the service: from 258 on systemd reads what is not there where the kernel's cgroups
            // of version 1 have the controller, as on some hosts of containers.
            let failures = journal.filter { entry in
                entry.message.lowercased().contains("fail") && !(entry.pid == 1 && entry.message.contains("pids.max"))
            }
            #expect(failures.isEmpty, "\(journal)")
        }

        @Test func theSupervisedServiceHasTheSameSettings() throws {
            func settings(_ units: UnitPair) -> Set<Substring> {
                Set(units.service.split(separator: "\n").filter { !$0.hasPrefix("#") })
            }
            let (app, supervised) = (settings(try .app()), settings(try .supervised()))
            #expect(
                app.subtracting(supervised) == [
                    "Description=Server that is restarted without losing a request", "ExecStart=/usr/local/bin/app",
                    "ExecReload=/usr/local/bin/baton reload", "RestartKillSignal=SIGINT",
                ]
            )
            #expect(
                supervised.subtracting(app) == [
                    "Description=Server that is restarted without waiting for its requests",
                    "ExecStart=/usr/local/bin/baton run --notify -- /usr/local/bin/app",
                    "ExecReload=/usr/local/bin/baton restart", "ExecStop=+/usr/local/bin/baton drain-scope",
                ]
            )
        }

        @Test func enableAndDisable() async throws {
            let machine = try await Machine.shared
            let server = try await Server.install(.app(), in: machine, start: false)
            // Not in /etc: what is enabled here is gone with the machine, and `disable` must take all of it away again.
            try await machine.check("systemctl", "enable", "--runtime", server.service)
            #expect(try await machine.run("systemctl", "is-enabled", server.service).output == "enabled-runtime\n")
            #expect(try await machine.run("systemctl", "is-enabled", server.socket).output == "enabled-runtime\n")
            try await machine.check("systemctl", "disable", "--runtime", server.service)
            #expect(try await machine.run("systemctl", "is-enabled", server.socket).output != "enabled-runtime\n")
        }

        @Test func aStoppedServiceNeedsNoMoreThanItsDrainTimeout() async throws {
            let machine = try await Machine.shared
            let server = try await Server.install(.app(), in: machine, start: false)
            #expect(try await server.property("TimeoutStopUSec") == "40s", "above the 30 s of --drain-timeout")
            #expect(try await server.property("StartLimitIntervalUSec") == "0")
            #expect(
                try await machine.check("systemctl", "show", "-P", "TriggerLimitIntervalUSec", server.socket) == "0"
            )
        }
    }
}
