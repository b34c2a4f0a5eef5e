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
            try await slow.send("GET /sleep/?duration=10s HTTP/1.1\r\nHost: a\r\n\r\n")
            try await server.waitUntilRead()
            try await server.machine.check("systemctl", "stop", "--no-block", server.service)
            // It changes each second, of which a busy machine may miss some.
            func left(_ status: String) -> Int? {
                status.wholeMatch(of: /draining: 1 request, 0 idle connections, ([0-9]+) s left/).flatMap { Int($0.1) }
            }
            let status = try await server.waitForProperty("StatusText") { left($0) != nil }
            let start = ContinuousClock.now
            let first = try #require(left(status))
            #expect((25...30).contains(first))
            let later = try await server.waitForProperty("StatusText") { status in
                left(status).map { $0 <= first - 2 } ?? false
            }
            let passed = (ContinuousClock.now - start) / .seconds(1)
            let second = try #require(left(later))
            #expect(abs(passed - Double(first - second)) <= 2, "\(first) s, and \(second) s after \(passed) s")
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
            try await server.waitUntilRead()
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
            #expect(try await server.machine.drained(since: mark).count == 1)
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
            try await server.waitUntilRead()
            let start = ContinuousClock.now
            try await server.systemctl("stop")
            // 5 s for the first extension, 1 s at most for the next; the request would take 25 s.
            #expect(ContinuousClock.now - start < .seconds(20))
            #expect(try await server.property("Result") == "timeout")
        }
    }
}
