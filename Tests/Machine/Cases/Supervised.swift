import Foundation
import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// `baton run` as the main process: `systemctl reload` puts the next generation beside the old one.
    @Suite struct Supervised {
        /// The program, which the cases replace.
        private static let program = "/run/supervised"

        private func install(_ settings: String = "", options: String = "--notify") async throws -> Server {
            let machine = try await Machine.shared
            try await machine.check("ln", "-sfn", "/usr/local/bin/app", Self.program)
            return try await Server.install(
                .supervised(),
                in: machine,
                dropIns: [
                    .command("/usr/local/bin/baton run \(options) -- \(Self.program)"),
                    .service("[Service]\n\(settings)\n"),
                ]
            )
        }

        /// Puts a program in the place of the old version, in one step.
        private func deploy(_ text: String, _ machine: Machine) async throws {
            try text.write(toFile: machine.path("\(Self.program).new"), atomically: true, encoding: .utf8)
            try await machine.check("chmod", "755", "\(Self.program).new")
            try await machine.check("mv", "-T", "\(Self.program).new", Self.program)
        }

        private func pid(_ server: Server) async throws -> Int32 {
            try #require(try await server.get("/").pid)
        }

        @Test(.timeLimit(.minutes(2)))
        func reloadsUnderLoadLoseNothing() async throws {
            let server = try await install()
            let main = try await server.mainPID()
            let reloads = Thoroughness.count(20)
            // Each generation lives at least until it has answered.
            let ask = "curl -fsS http://127.0.0.1:\(server.units.port)/"
            let reload =
                "old=$(\(ask)); systemctl reload \(server.service) && until [ \"$(\(ask))\" != \"$old\" ]; do sleep 0.01; done"
            let (result, report) = try await server.machine.probe(
                server,
                ["--connections", "32", "--long-duration", "0.5", "--restart", reload],
                restarts: reloads,
                interval: 1,
                seconds: 90
            )
            #expect(report.total.failed == 0, "\(result)")
            #expect(report.restarts.filter(\.succeeded).count == reloads, "\(result)")
            #expect(report.pids.count == reloads + 1, "each was answered by a generation of its own")
            #expect(try await server.mainPID() == main)
            #expect(try await server.property("NRestarts") == "0")
            #expect(try await server.property("ActiveState") == "active")
        }

        @Test(
            .timeLimit(.minutes(1)),
            arguments: [
                ("#!/bin/sh\nexit 3\n", "exited with status 3"),
                ("#!/bin/sh\nexec sleep 100\n", "was not ready within 2 s (--ready-timeout)"),
                ("#!/bin/sh\nsleep 0.05\nkill -SEGV $$\n", "was ended by SIGSEGV"),
                (nil, "'\(program)' cannot be executed: No such file or directory"),
            ]
        )
        func aVersionThatCannotStartChangesNothing(text: String?, reason: String) async throws {
            let server = try await install(options: "--notify --ready-timeout 2 --attempts 2 --interval 0.2")
            let (machine, old) = (server.machine, try await pid(server))
            if let text { try await deploy(text, machine) } else { try await machine.check("rm", Self.program) }
            let mark = try await machine.markJournal()
            let (result, report) = try await machine.probe(
                server,
                ["--connections", "8", "--settle", "0.5", "--restart", "systemctl reload \(server.service)"],
                restarts: 1,
                seconds: 60
            )
            #expect(report.total.failed == 0, "\(result)")
            #expect(report.restarts.filter(\.succeeded).isEmpty, "the command says that it failed")
            let said = try await server.journal(since: mark).map(\.message)
            #expect(said.contains { $0.hasPrefix("baton restart: ") && $0.contains(reason) }, "\(said)")
            #expect(try await pid(server) == old)
            #expect(try await server.property("ActiveState") == "active")
            #expect(try await server.property("SubState") == "running")
            let status = try await server.property("StatusText")
            #expect(status.hasPrefix("generation 1 serves; restart failed: ") && status.contains(reason), "\(status)")

            try await machine.check("ln", "-sfn", "/usr/local/bin/app", Self.program)
            try await server.systemctl("reload")
            try await machine.waitUntil { try await pid(server) != old }
        }

        @Test(.timeLimit(.minutes(1)))
        func itsStatusAndItsPingsAreTheServices() async throws {
            let server = try await install("WatchdogSec=4")
            let machine = server.machine
            try await server.waitForProperty("StatusText") { $0.hasPrefix("generation 1 serves") || $0 == "serving" }
            let main = try #require(try await server.mainPID())
            let worker = try await pid(server)
            #expect(worker != main)
            let mark = try await machine.markJournal()
            // It is the worker that pings.
            try await machine.check("kill", "-STOP", "\(worker)")
            try await server.waitForProperty("NRestarts") { $0 == "1" }
            let said = try await server.journal(since: mark).map(\.message)
            #expect(said.contains { $0.contains("Watchdog timeout") }, "\(said)")
            #expect(try await server.get("/").status == 200)
        }

        /// A program that does not speak cannot ping, and here each generation is replaced before a ping of the supervisor would be due.
        /// What follows the row is another matter: the first generation has pinged, so each has to.
        @Test(.timeLimit(.minutes(1)))
        func reloadsInARowDoNotKeepTheWatchdogsPingAway() async throws {
            let limit = 4.0
            let server = try await install("WatchdogSec=\(limit)", options: "--interval 0.3")
            try await deploy("#!/bin/sh\nunset NOTIFY_SOCKET\nexec /usr/local/bin/app\n", server.machine)
            // Not between the first reload and the row: no ping is to become due there.
            let mark = try await server.machine.markJournal()
            try await server.systemctl("reload")
            let load = ["--connections", "8", "--mode", "keep-alive", "--mode", "new-connection", "--settle", "0.1"]
            let (result, report) = try await server.machine.probe(
                server,
                load + ["--restart", "systemctl reload \(server.service)"],
                restarts: 15,
                interval: 0.1,
                seconds: 40
            )
            #expect(report.total.failed == 0, "\(result)")
            #expect(report.restarts.filter(\.succeeded).count == 15, "\(result)")
            let row = report.restarts.map(\.tookSeconds).reduce(0, +)
            #expect(row > limit, "else there would be no ping to be missed")
            let said = try await server.journal(since: mark).map(\.message)
            let last = try #require(said.lastIndex { $0.hasPrefix("Reloaded \(server.service)") })
            #expect(!said[...last].contains { $0.contains("atchdog") }, "\(said)")
        }

        @Test(.timeLimit(.minutes(1)))
        func generationsAreCountedOnWhenItIsKilled() async throws {
            let server = try await install()
            let machine = server.machine
            for _ in 1...3 { try await server.systemctl("reload") }
            let main = try #require(try await server.mainPID())
            let worker = try await pid(server)
            try await machine.check("kill", "-KILL", "\(main)")
            try await server.waitForProperty("MainPID") { $0 != "\(main)" && $0 != "0" }
            let next = try await pid(server)
            #expect(next != worker)
            let environment = try await machine.check("cat", "/proc/\(next)/environ").split(separator: "\0")
            #expect(environment.contains("SERVER_STARTER_GENERATION=5"), "\(environment)")
            let left = try await machine.run("kill", "-0", "\(worker)")
            #expect(left.status != 0, "the worker has ended with it")
        }

        @Test(.timeLimit(.minutes(1)))
        func aWorkerThatDiesIsReplacedAtOnce() async throws {
            let server = try await install()
            let main = try await server.mainPID()
            for _ in 1...3 {
                let worker = try await pid(server)
                try await server.machine.check("kill", "-KILL", "\(worker)")
                let next = try await pid(server)
                #expect(next != worker)
            }
            #expect(try await server.mainPID() == main)
            #expect(try await server.property("NRestarts") == "0")
        }

        /// What a generation stores, the next one has: from the supervisor, and if that was killed, from systemd.
        @Test(.timeLimit(.minutes(1)))
        func whatIsStoredOutlivesGenerationsAndTheSupervisor() async throws {
            let machine = try await Machine.shared
            func deploy(_ words: String) async throws {
                try await self.deploy("#!/bin/sh\nexec /usr/local/bin/speaker \(words) ready hang\n", machine)
            }
            try await deploy("put-memory=m:text")
            let speaker = try await SpeakerService.install(
                command: "/usr/local/bin/baton run --notify -- \(Self.program)",
                settings: "FileDescriptorStoreMax=8\nRestart=always\nRestartSec=10ms"
            )
            #expect(try await speaker.property("NFileDescriptorStore") == "2", "it, and the number of the generation")

            try await deploy("read=m:0")
            func isRead(_ times: Int) async throws {
                try await machine.waitUntil { try await speaker.said().count { $0 == "read m:0: text" } == times }
            }
            try await speaker.server.kill("HUP")
            try await isRead(1)
            try await speaker.server.kill("KILL")
            try await isRead(2)
            try await deploy("remove=m")
            try await speaker.server.kill("HUP")
            try await speaker.server.waitForProperty("NFileDescriptorStore") { $0 == "1" }
        }
    }
}
