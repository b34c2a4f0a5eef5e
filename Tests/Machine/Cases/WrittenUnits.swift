import Foundation
import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// Units that `baton units` writes, installs and removes.
    @Suite struct WrittenUnits {
        private static let port = 8095

        private func baton(_ arguments: [String], _ machine: Machine) async throws -> CommandResult {
            try await machine.run(["/usr/local/bin/baton"] + arguments)
        }

        private func pid(_ machine: Machine) async throws -> Int32 {
            let answer = try await machine.check("curl", "-sS", "http://127.0.0.1:\(Self.port)/")
            return try #require(answer.firstMatch(of: /pid (\d+)/).flatMap { Int32($0.output.1) }, "\(answer)")
        }

        private func install(_ options: [String], in machine: Machine) async throws -> CommandResult {
            try await baton(
                ["units", "--name", "written"] + options + ["--install", "--", "/usr/local/bin/app"],
                machine
            )
        }

        /// systemd would close the socket, and open no other.
        @Test(.timeLimit(.minutes(1)))
        func whatListensIsNotMoved() async throws {
            let machine = try await Machine.shared
            _ = try await baton(["units", "--name", "written", "--uninstall", "--force"], machine)
            #expect(try await install(["--port", "\(Self.port)"], in: machine).status == 0)
            let old = try await pid(machine)
            let refused = try await install(["--port", "8094"], in: machine)
            #expect(refused.status == 1, "\(refused)")
            #expect(refused.errors.contains("has to be stopped first"), "\(refused)")
            #expect(try await pid(machine) == old)
            try await machine.check("systemctl", "stop", "written.socket", "written.service")
            #expect(try await install(["--port", "8094"], in: machine).status == 0)
            #expect(try await machine.listenQueue(port: 8094) != nil)
            #expect(try await baton(["units", "--name", "written", "--uninstall"], machine).status == 0)
        }

        /// What runs is not taken away; what does not leaves nothing behind, as the drop-ins of a rollover.
        @Test(.timeLimit(.minutes(1)))
        func anotherKindTakesThePlaceOfTheFirst() async throws {
            let machine = try await Machine.shared
            _ = try await baton(["units", "--name", "written", "--uninstall", "--force"], machine)
            let kinds = ["--kind", "template", "--port", "\(Self.port)", "--port", "admin=8094"]
            #expect(try await install(kinds, in: machine).status == 0)
            let first = try await pid(machine)
            let rollover = try await baton(["rollover", "written", "--canary", "100ms"], machine)
            #expect(rollover.status == 0, "\(rollover)")
            let second = try await pid(machine)
            #expect(second != first)

            let plain = ["--port", "\(Self.port)", "--port", "other=8094"]
            let refused = try await install(plain, in: machine)
            #expect(refused.status == 1, "\(refused)")
            let active = "to be removed, but active: written-admin.socket, written@b.service; "
            #expect(refused.errors.contains(active), "\(refused)")
            #expect(try await pid(machine) == second)

            try await machine.check("systemctl", "stop", "written.socket", "written-admin.socket", "written@b.service")
            let installed = try await install(plain, in: machine)
            #expect(installed.status == 0, "\(installed)")
            let third = try await pid(machine)
            #expect(try await machine.check("systemctl", "show", "-P", "MainPID", "written.service") == "\(third)")
            let sockets = try await machine.check("systemctl", "is-active", "written.socket", "written-other.socket")
            #expect(sockets == "active\nactive")
            let left = try await machine.run(
                "sh",
                "-c",
                "cd /etc/systemd/system && ls -d written-admin* written@* */written-admin* *.d/baton-rollover.conf"
            )
            #expect(left.output == "")
            #expect(try await baton(["units", "--name", "written", "--uninstall"], machine).status == 0)
        }

        @Test(.timeLimit(.minutes(1)), arguments: ["plain", "supervised", "template"])
        func installedTheyServeAndRestart(kind: String) async throws {
            let machine = try await Machine.shared
            let service = kind == "template" ? "written@a.service" : "written.service"
            let options = ["units", "--name", "written"]
            _ = try await baton(options + ["--uninstall", "--force"], machine)
            let installed = try await baton(
                options + [
                    "--kind", kind, "--port", "\(Self.port)", "--state-directory", "written", "--memory-max", "1G",
                ]
                    + ["--install", "--", "/usr/local/bin/app", "--drain-timeout", "20s"],
                machine
            )
            #expect(installed.status == 0, "\(installed)")
            let verified = try await machine.run("systemd-analyze", "verify", service, "written.socket")
            #expect(verified.output + verified.errors == "")

            let old = try await pid(machine)
            try await machine.check("systemctl", "restart", service)
            let new = try await pid(machine)
            #expect(new != old)
            let report = try await baton(["doctor", service], machine)
            #expect(
                report.output.contains(": nothing to complain about (systemd \(machine.systemdVersion), "),
                "\(report)"
            )
            #expect(!report.output.contains("not checked"), "\(report)")
            let exposure = try await machine.run(
                "systemd-analyze",
                "security",
                "--no-pager",
                "--threshold=15",
                service
            )
            #expect(exposure.status == 0, "\(exposure)")
            if kind == "template" {
                // Beside it, on the same socket.
                try await machine.check("systemctl", "start", "written@b.service")
                try await machine.waitUntil { try await pid(machine) != new }
                #expect(try await baton(["doctor", "written@b.service"], machine).status == 0)
            }

            let removed = try await baton(options + ["--uninstall"], machine)
            #expect(removed.status == 0, "\(removed)")
            #expect(try await machine.listenQueue(port: UInt16(Self.port)) == nil)
            let left = try await machine.run(
                "sh",
                "-c",
                "ls -d /etc/systemd/system/*written* /etc/systemd/system/*/written*"
            )
            #expect(left.output == "")
            #expect(try await machine.check("systemctl", "show", "-P", "LoadState", "written.socket") == "not-found")
        }
    }
}
