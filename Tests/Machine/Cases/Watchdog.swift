import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// The ping proves that every event loop runs.
    @Suite struct Watchdog {
        /// The least with which a machine that stands still for a second is no reason to be ended: pings come at half of it.
        private static let limit = 4

        private func install() async throws -> Server {
            try await Server.install(
                .app(),
                in: try await Machine.shared,
                dropIns: [
                    .command("/usr/local/bin/app --trial-routes"), .service("[Service]\nWatchdogSec=\(Self.limit)\n"),
                ]
            )
        }

        @Test(.timeLimit(.minutes(2)))
        func anEventLoopThatStandsStillIsEndedAndNoFreshConnectionRefused() async throws {
            let server = try await install()
            let mark = try await server.machine.markJournal()
            let old = try #require(try await server.mainPID())
            // Its answer may come from the loop that stands still.
            let hang = try await server.connect()
            try await hang.send("GET /trial/hang?duration=30s HTTP/1.1\r\nHost: a\r\n\r\n")

            // Each on a connection of its own, from before the abort until after it.
            let deadline = ContinuousClock.now + .seconds(30)
            var pids: Set<Int32> = []
            while !pids.contains(where: { $0 != old }), ContinuousClock.now < deadline {
                // A connection that the hanging process had accepted ends with it; it is refused that must never happen.
                do {
                    let reply = try await server.get("/", seconds: 5)
                    if let pid = reply.pid { pids.insert(pid) }
                } catch ConnectionError.refused {
                    Issue.record("refused")
                } catch {}
            }

            #expect(pids.contains { $0 != old }, "the service was not started again")
            #expect(try await server.property("NRestarts") == "1")
            let journal = try await server.journal(since: mark)
            #expect(journal.contains { $0.message.contains("Watchdog timeout") }, "\(journal)")
        }

        @Test(.enabled(if: !Thoroughness.isSystemdOnly), .timeLimit(.minutes(3)))
        func underLoadThereIsNoFalseAlarm() async throws {
            let server = try await install()
            let old = try await server.mainPID()
            let (result, report) = try await server.machine.probe(
                server,
                ["--connections", "64", "--duration", "\(Thoroughness.count(60))"],
                seconds: 120
            )
            #expect(report.total.failed == 0, "\(result)")
            #expect(try await server.mainPID() == old)
            #expect(try await server.property("NRestarts") == "0")
            // It was really asked for: systemd has had a ping lately.
            let monotonic = try await server.property("WatchdogTimestampMonotonic")
            #expect((UInt64(monotonic) ?? 0) > 0)
        }

        @Test(.timeLimit(.minutes(2)))
        func itIsPingedThroughTheWholeDrain() async throws {
            let server = try await install()
            let mark = try await server.machine.markJournal()
            let slow = try await server.connect()
            // More than twice the limit.
            try await slow.send("GET /sleep/?duration=\(2 * Self.limit + 1)s HTTP/1.1\r\nHost: a\r\n\r\n")
            try await server.waitUntilRead()
            try await server.systemctl("stop")
            #expect(try await slow.reply()?.status == 200)
            #expect(try await server.property("Result") == "success")
            let journal = try await server.journal(since: mark)
            #expect(!journal.contains { $0.message.contains("Watchdog timeout") }, "\(journal)")
        }
    }
}
