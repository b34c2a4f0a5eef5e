import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// While it drains, systemd hears how it goes, and waits as long as it goes on.
    @Suite struct Patience {
        @Test(.timeLimit(.minutes(1)))
        func theStatusSaysWhatIsLeft() async throws {
            let server = try await Server.install(.app(), in: try await Machine.shared)
            let slow = try await server.connect()
            try await slow.send("GET /sleep/?duration=3s HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await server.get("/")
            try await server.machine.check("systemctl", "stop", "--no-block", server.service)
            let status = try await server.waitForProperty("StatusText") { $0.hasPrefix("draining: ") }
            #expect(status == "draining: 1 request, 0 idle connections, 30 s left")
            let later = try await server.waitForProperty("StatusText") { $0.hasSuffix("28 s left") }
            #expect(later == "draining: 1 request, 0 idle connections, 28 s left")
            #expect(try await slow.reply()?.status == 200)
        }

        /// A download that goes on for longer than `TimeoutStopSec=`.
        @Test(.timeLimit(.minutes(1)))
        func aDrainThatGoesOnOutlastsTheUnitsTimeout() async throws {
            let server = try await Server.install(
                .app(),
                in: try await Machine.shared,
                dropIns: [.service("[Service]\nTimeoutStopSec=2\n")]
            )
            let slow = try await server.connect(receiveBuffer: 65536)
            try await slow.send("GET /bytes/4000000 HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await server.get("/")
            let mark = try await server.machine.markJournal()
            let start = ContinuousClock.now
            async let stop: Void = server.systemctl("stop")
            var received = 0
            // About 6 s, at 10 pieces a second: the rate is the test's subject.
            while received < 4_000_000 {
                let bytes = try await slow.receive(limit: 65536)
                guard !bytes.isEmpty else { break }
                received += bytes.count
                try await Task.sleep(for: .milliseconds(90))
            }
            try await stop
            #expect(received >= 4_000_000)
            #expect(ContinuousClock.now - start > .seconds(4), "it was over before the timeout could strike")
            #expect(try await server.property("Result") == "success")
            let journal = try await server.journal(since: mark)
            #expect(journal.contains { $0.message == "drained: every request was answered" }, "\(journal)")
        }

        @Test(.timeLimit(.minutes(1)))
        func whereNothingMovesTheUnitsTimeoutHolds() async throws {
            let server = try await Server.install(
                .app(),
                in: try await Machine.shared,
                dropIns: [.service("[Service]\nTimeoutStopSec=2\n")]
            )
            let slow = try await server.connect()
            try await slow.send("GET /sleep/?duration=25s HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await server.get("/")
            let start = ContinuousClock.now
            try await server.systemctl("stop")
            #expect(ContinuousClock.now - start < .seconds(12), "5 s for the first extension, 1 s at most for the next")
            #expect(try await server.property("Result") == "timeout")
        }
    }
}
