import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// Promise 7: logging never stalls a request, whatever journald does; and what is lost is counted.
    @Suite struct JournalLoad {
        /// Far below any of the waits below.
        private static let aMoment = Duration.milliseconds(500)

        /// - Parameter limit: How long a call may take at most; a moment, and what the machine does to any thread, if that is nil.
        private func expectAllAccountedFor(_ count: JournalCount, logged: Int, limit: Duration? = nil) {
            #expect(count.logged == logged)
            #expect(count.arrived + count.lost == count.logged, "\(count)")
            #expect(count.isInOrder)
            #expect(count.worst < limit ?? Self.aMoment + count.oversleep, "\(count)")
        }

        /// Runs `work` while `journal-writer` logs; returns what is in the journal after both.
        private func load(
            _ writing: JournalWriting,
            rate: Int,
            seconds: Int,
            meanwhile work: () async throws -> Void
        ) async throws -> JournalCount {
            async let output = writing.run("exec journal-writer load 4 \(rate) \(seconds)")
            try await work()
            return try JournalCount(try await output, messages: try await writing.messages())
        }

        @Test(.timeLimit(.minutes(2)))
        func tenThousandLinesASecondForTenSeconds() async throws {
            let writing = try await JournalWriting(in: Machine.shared)
            let count = try await load(writing, rate: 10_000, seconds: 10) {}
            expectAllAccountedFor(count, logged: 100_000)
            // A slow journald takes less of them; the first finds room always.
            #expect(count.arrived > 10_000, "\(count)")
            let first = try #require(try await writing.entries("MESSAGE=3 0").first)
            let fields = ["REQUEST_ID", "METHOD", "PATH", "STATUS", "DURATION_MS"]
            #expect(fields.flatMap { first[$0] } == ["3-0", "GET", "/articles/42", "200", "0"])
        }

        @Test(.timeLimit(.minutes(2)))
        func aStoppedJournaldStopsNobodyAndTheLostAreCounted() async throws {
            let machine = try await Machine.shared
            let writing = try await JournalWriting(in: machine)
            let count = try await load(writing, rate: 10_000, seconds: 5) {
                try await Task.sleep(for: .seconds(1))
                // Longer than the queue's 16,384 lines last.
                try await machine.withStoppedJournal { try await Task.sleep(for: .seconds(3)) }
            }
            expectAllAccountedFor(count, logged: 50_000, limit: .seconds(2))
            #expect(count.lost > 5000 && count.arrived > 5000, "\(count)")
            let reports = try await writing.entries("LOGGER=JournalLogging")
            #expect(!reports.isEmpty)
            #expect(reports.allSatisfy { $0["PRIORITY"] == ["4"] })
            let reported = reports.flatMap { $0["LOST_LINES"] }.compactMap { Int($0) }.reduce(0, +)
            // Of what the exit had no time for on a busy machine, standard error has told.
            #expect(reported > 5000 && reported <= count.lost, "\(count)")
        }

        @Test(.timeLimit(.minutes(2)))
        func journaldMayBeRestarted() async throws {
            let machine = try await Machine.shared
            let writing = try await JournalWriting(in: machine)
            let count = try await load(writing, rate: 5000, seconds: 4) {
                for _ in 0..<3 {
                    try await Task.sleep(for: .milliseconds(700))
                    try await machine.check("systemctl", "restart", "systemd-journald.service")
                }
            }
            expectAllAccountedFor(count, logged: 20_000)
        }

        @Test(.timeLimit(.minutes(2)))
        func aFullJournalStopsNobody() async throws {
            let machine = try await Machine.shared
            let writing = try await JournalWriting(in: machine)
            let output = try await withFullJournal(machine) {
                try await writing.run("exec journal-writer load 4 10000 3")
            }
            // What is not there is not counted either: journald has taken it, and had no place.
            let count = try JournalCount(output, messages: try await writing.messages())
            #expect(count.logged == 30_000)
            #expect(count.arrived < count.logged, "\(count)")
            #expect(count.worst < Self.aMoment + count.oversleep, "\(count)")
        }

        /// Runs `work` with a journal that has no room left, and gives the machine its own back whatever happens.
        private func withFullJournal<Result>(
            _ machine: Machine,
            _ work: () async throws -> Result
        ) async throws -> Result {
            // Full only once journald runs: it does not start without room for a file.
            let fill = """
                mount -t tmpfs -o size=16M,mode=2755 tmpfs /run/log/journal
                [ ! -d /var/log/journal ] || mount --bind /run/log/journal /var/log/journal
                systemctl restart systemd-journald.service
                dd if=/dev/zero of=/run/log/journal/full bs=64K status=none 2>/dev/null
                true
                """
            let restore = """
                [ ! -d /var/log/journal ] || umount --lazy /var/log/journal
                umount --lazy /run/log/journal
                systemctl reset-failed systemd-journald.service
                systemctl restart systemd-journald.service
                """
            do {
                try await machine.check("sh", "-c", fill)
                let result = try await work()
                try await machine.check("sh", "-c", restore)
                return result
            } catch {
                _ = try await machine.run("sh", "-c", restore)
                throw error
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func anExitWaitsForTheQueue() async throws {
            // It waits a second at most, and less where nothing moves: on a busy machine some may be lost. Who does not wait at all
            // loses some each time.
            var counts: [JournalCount] = []
            repeat {
                let writing = try await JournalWriting(in: Machine.shared)
                let output = try await writing.run("exec journal-writer burst 2000")
                let count = try JournalCount(output, messages: try await writing.messages())
                expectAllAccountedFor(count, logged: 2000)
                counts.append(count)
            } while counts.last?.lost != 0 && counts.count < 3
            #expect(counts.last?.lost == 0, "\(counts)")
        }

        @Test(.timeLimit(.minutes(1)))
        func anExitDoesNotWaitForAStoppedJournald() async throws {
            let machine = try await Machine.shared
            let writing = try await JournalWriting(in: machine)
            let start = ContinuousClock.now
            let output = try await machine.withStoppedJournal {
                let output = try await writing.run("exec journal-writer burst 30000", seconds: 20)
                #expect(ContinuousClock.now - start < .seconds(10))
                return output
            }
            let count = try JournalCount(output, messages: try await writing.messages())
            expectAllAccountedFor(count, logged: 30_000)
            #expect(count.lost > 10_000, "\(count)")
        }
    }
}
