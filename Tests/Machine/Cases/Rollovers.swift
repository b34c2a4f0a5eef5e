import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// `baton rollover`: one of two instances takes over from the other, and what is not well does not.
    @Suite struct Rollovers {
        private static let port: UInt16 = 8096
        private static let program = "/run/rolling"
        /// The folder of a drop-in for the instance that is not well.
        private static let limits = "/run/systemd/system/rolling@b.service.d"
        private static let load = [
            "--connections", "4", "--mode", "new-connection", "--mode", "keep-alive", "--rate", "200",
        ]

        /// A shell command that waits for an answer.
        private static let ask = "curl -fsS -o /dev/null http://127.0.0.1:\(port)/"

        private func baton(_ arguments: String..., in machine: Machine, seconds: Int = 60) async throws -> CommandResult
        {
            try await machine.run(["/usr/local/bin/baton"] + arguments, seconds: seconds)
        }

        /// Installs both instances, of which a serves.
        private func install(_ more: String...) async throws -> Machine {
            let machine = try await Machine.shared
            // Of a case that failed.
            try await machine.check("rm", "-rf", Self.limits)
            _ = try await baton("units", "--name", "rolling", "--uninstall", "--force", in: machine)
            try await machine.check("ln", "-sfn", "/usr/local/bin/app", Self.program)
            let result = try await machine.run(
                ["/usr/local/bin/baton", "units", "--name", "rolling", "--kind", "template", "--port", "\(Self.port)"]
                    + more + ["--install", "--", Self.program, "--drain-timeout", "20s"]
            )
            #expect(result.status == 0, "\(result)")
            try await machine.check("systemctl", "start", "rolling@a.service")
            return machine
        }

        private func status(in machine: Machine) async throws -> String {
            try await baton("rollover", "rolling", "--status", in: machine).output
        }

        private func remove(from machine: Machine) async throws {
            let removed = try await baton("units", "--name", "rolling", "--uninstall", in: machine)
            #expect(removed.status == 0, "\(removed)")
            let left = try await machine.run("sh", "-c", "ls -d /etc/systemd/system/*rolling*")
            #expect(left.output == "")
        }

        @Test(.timeLimit(.minutes(2)))
        func tenUnderLoadLoseNothing() async throws {
            let machine = try await install()
            let (result, report) = try await machine.probe(
                port: Self.port,
                Self.load + ["--restart", "baton rollover rolling --canary 500ms && \(Self.ask)"],
                restarts: 10,
                interval: 2,
                seconds: 90
            )
            #expect(result.status == 0, "\(result)")
            #expect(report.total.failed == 0 && report.restarts.count == 10, "\(report.total)")
            #expect(!report.restarts.contains { !$0.succeeded }, "\(result)")
            #expect(report.pids.count == 11, "each generation has answered")
            let gaps = report.restarts.compactMap(\.longestNewConnectionGapMilliseconds).map { $0.rounded() }
            print("pauses of rollovers: \(gaps) ms")
            let status = try await status(in: machine)
            #expect(status == "rolling@a.service serves; a connection to rolling.socket starts rolling@a.service\n")
            try await remove(from: machine)
        }

        /// A program that ends at once, one that is no longer there soon, one that never says that it is ready, and one that is not well.
        @Test(
            .timeLimit(.minutes(2)),
            arguments: [
                (script: "exit 3", options: "", reason: "rolling@b.service did not become ready"),
                ("systemd-notify --ready; sleep 3; exit 3", "--canary 30s", "rolling@b.service has failed"),
                ("exec sleep 100", "", "rolling@b.service did not become ready"),
                ("exec /usr/local/bin/app", "--health-path /nowhere", "/nowhere: 404 Not Found, of rolling@b.service"),
                ("exec /usr/local/bin/app", "--check false", "--check 'false': exit 1"),
                ("exec /usr/local/bin/speaker ready hang", "", "answers came from rolling@b.service"),
            ]
        )
        func whatIsNotWellIsRolledBack(script: String, options: String, reason: String) async throws {
            let machine = try await install()
            try await machine.check("mkdir", "-p", Self.limits)
            let limit = "[Service]\\nTimeoutStartSec=8\\nNotifyAccess=all\\nTimeoutStopSec=20\\nWatchdogSec=0\\n"
            let dropIn = "\(Self.limits)/limit.conf"
            try await machine.check("sh", "-c", "printf '\(limit)' >\(dropIn) && systemctl daemon-reload")
            try await machine.deploy(script, as: Self.program)
            let (result, report) = try await machine.probe(
                port: Self.port,
                Self.load + ["--restart", "baton rollover rolling \(options); [ $? = 1 ]"],
                restarts: 1,
                interval: 2,
                seconds: 80
            )
            #expect(result.status == 0, "\(result)")
            #expect(report.total.failed == 0 && report.restarts.first?.succeeded == true, "\(result)")
            #expect(result.errors.contains(reason), "\(result)")
            #expect(result.errors.contains("rolled back: rolling@a.service serves as before"), "\(result)")
            let status = try await status(in: machine)
            #expect(status == "rolling@a.service serves; a connection to rolling.socket starts rolling@a.service\n")
            let state = try await machine.check("systemctl", "show", "-P", "ActiveState", "rolling@b.service")
            #expect(state == "inactive")
            try await machine.check("rm", dropIn)
            try await remove(from: machine)
        }

        /// In the alphabet, rolling-https.socket is before rolling.socket.
        @Test(.timeLimit(.minutes(1)))
        func theSocketOfTheSameNameIsAsked() async throws {
            let machine = try await install("--port", "https=8097")
            let result = try await baton("rollover", "rolling", "--canary", "100ms", in: machine)
            #expect(result.status == 0, "\(result)")
            let status = try await status(in: machine)
            #expect(status.hasPrefix("rolling@b.service serves; a connection to rolling.socket, rolling-https.socket"))
            try await remove(from: machine)
        }

        /// The last step of all fails, when the old one is not started at boot any more.
        @Test(.timeLimit(.minutes(1)))
        func whatIsStartedAtBootIsRolledBackToo() async throws {
            let machine = try await install()
            try await machine.check("systemctl", "enable", "rolling@a.service")
            let link = "/etc/systemd/system/multi-user.target.wants/rolling@b.service"
            try await machine.check("touch", link)
            let result = try await baton("rollover", "rolling", "--canary", "100ms", in: machine)
            #expect(result.status == 1 && result.errors.contains("rolled back"), "\(result)")
            let enabled = try await machine.check("systemctl", "is-enabled", "rolling@a.service", "rolling.socket")
            #expect(enabled == "enabled\nenabled")
            try await machine.check("rm", link)
            let again = try await baton("rollover", "rolling", "--canary", "100ms", in: machine)
            #expect(again.status == 0, "\(again)")
            #expect(try await machine.check("systemctl", "is-enabled", "rolling@b.service") == "enabled")
            #expect(try await machine.run("systemctl", "is-enabled", "rolling@a.service").status != 0)
            try await machine.check("systemctl", "disable", "rolling@b.service")
            try await remove(from: machine)
        }

        /// Killed while both serve; the next one does it.
        @Test(.timeLimit(.minutes(1)))
        func oneThatIsKilledIsDoneByTheNext() async throws {
            let machine = try await install()
            try await machine.check(
                "sh",
                "-c",
                "rm -f /run/rollover.out; baton rollover rolling --canary 1h >/run/rollover.out & pid=$!; "
                    + "until grep -qs 'is ready' /run/rollover.out; do sleep 0.02; done; kill -KILL $pid"
            )
            let between = try await status(in: machine)
            #expect(between.hasPrefix("rolling@a.service serves, and rolling@b.service runs beside it"), "\(between)")
            let next = try await baton("rollover", "rolling", "--canary", "300ms", in: machine)
            #expect(next.status == 0 && next.output.contains("stopping it first"), "\(next)")
            let after = try await status(in: machine)
            #expect(after == "rolling@b.service serves; a connection to rolling.socket starts rolling@b.service\n")
            try await remove(from: machine)
        }

        /// One at a time; one that is asked to end leaves everything as it was.
        @Test(.timeLimit(.minutes(1)))
        func oneThatIsInterruptedIsRolledBack() async throws {
            let machine = try await install()
            let result = try await machine.run(
                "sh",
                "-c",
                "rm -f /run/rollover.out; baton rollover rolling --canary 1h >/run/rollover.out & pid=$!; "
                    + "until grep -qs 'is ready' /run/rollover.out; do sleep 0.02; done; "
                    + "baton rollover rolling; echo second $?; kill -TERM $pid; wait $pid; echo first $?"
            )
            #expect(result.output == "second 3\nfirst 1\n", "\(result)")
            #expect(result.errors.contains("another rollover from rolling@a.service is under way"), "\(result)")
            #expect(result.errors.contains("interrupted; rolled back"), "\(result)")
            let after = try await status(in: machine)
            #expect(after == "rolling@a.service serves; a connection to rolling.socket starts rolling@a.service\n")
            try await remove(from: machine)
        }

        /// Which one serves is the same when everything has been stopped, and the manager has read its files anew.
        @Test(.timeLimit(.minutes(1)))
        func theCurrentOneSurvivesAReboot() async throws {
            let machine = try await install()
            try await machine.check("systemctl", "enable", "rolling@a.service")
            let rolled = try await baton("rollover", "rolling", "--canary", "300ms", in: machine)
            #expect(rolled.status == 0, "\(rolled)")
            let enabled = try await machine.run(
                "systemctl",
                "is-enabled",
                "rolling.socket",
                "rolling@a.service",
                "rolling@b.service"
            )
            #expect(enabled.output.split(separator: "\n") == ["enabled", "disabled", "enabled"])
            try await machine.check("systemctl", "stop", "rolling.socket", "rolling@a.service", "rolling@b.service")
            try await machine.check("systemctl", "daemon-reexec")
            // What is enabled, as at boot.
            try await machine.check("systemctl", "start", "rolling.socket")
            try await machine.check("curl", "-sS", "http://127.0.0.1:\(Self.port)/")
            let status = try await status(in: machine)
            #expect(status == "rolling@b.service serves; a connection to rolling.socket starts rolling@b.service\n")
            let doctor = try await baton("doctor", "rolling@b.service", in: machine)
            #expect(doctor.status == 0, "\(doctor)")
            // Back to a, while connections come: none of them starts the one that has been stopped.
            let (result, report) = try await machine.probe(
                port: Self.port,
                Self.load + ["--restart", "baton rollover rolling --canary 300ms"],
                restarts: 1,
                interval: 2,
                seconds: 40
            )
            #expect(result.status == 0 && report.pids.count == 2, "\(result)")
            let old = try await machine.check("systemctl", "show", "-P", "ActiveState", "rolling@b.service")
            #expect(old == "inactive")
            try await remove(from: machine)
        }
    }
}
