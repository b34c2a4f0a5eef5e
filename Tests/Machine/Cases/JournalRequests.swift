import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// What a server logs about its requests, and that it goes on serving when it cannot.
    @Suite struct JournalRequests {
        /// `app`, which logs two lines for each request to `/sleep/`.
        private func install(in machine: Machine) async throws -> Server {
            let configuration = try await machine.debugConfiguration()
            return try await Server.install(
                .app(),
                in: machine,
                dropIns: [
                    .command("/usr/local/bin/app --config \(configuration)"),
                    .service("[Service]\nLogRateLimitIntervalSec=1s\nLogRateLimitBurst=1000000\n"),
                ]
            )
        }

        @Test(.timeLimit(.minutes(1)))
        func theLinesOfARequestCarryItsIDAndThePIDIsRightAfterAHandOver() async throws {
            let machine = try await Machine.shared
            let server = try await install(in: machine)
            let mark = try await machine.markJournal()
            var pids: [Int32?] = []
            for _ in 0..<2 {
                #expect(try await server.get("/sleep/?duration=1ms").status == 200)
                pids.append(try await server.mainPID())
                try await server.systemctl("restart")
            }
            let journal = try await server.journal(since: mark)
            let begins = journal.filter { $0.message == "going to sleep" }
            let ends = journal.filter { $0.message == "awake again" }
            #expect(begins.count == 2 && ends.count == 2)
            let requests = begins.map { $0.fields["HB_REQUEST_ID"] }
            #expect(requests == ends.map { $0.fields["HB_REQUEST_ID"] })
            #expect(Set(requests.compactMap { $0 }).count == 2, "\(requests)")
            #expect(begins.map { $0.fields["DURATION"] } == ["1ms", "1ms"])
            #expect(begins.map(\.pid) == pids && ends.map(\.pid) == pids)
            #expect(begins.allSatisfy { $0.priority == 7 && $0.fields["_TRANSPORT"] == "journal" })
        }

        @Test(.timeLimit(.minutes(2)))
        func aStoppedJournaldCostsNoRequestAlsoInARestart() async throws {
            let machine = try await Machine.shared
            let server = try await install(in: machine)
            let (result, report) = try await machine.withStoppedJournal {
                try await machine.probe(
                    server,
                    ["--connections", "16", "--path", "/sleep/?duration=1ms"],
                    restarts: 2,
                    interval: 3,
                    seconds: 90
                )
            }
            #expect(result.status == 0, "\(result)")
            #expect(report.total.failed == 0, "\(report.total.outcomes)")
            #expect(report.total.issued == report.total.recorded)
            #expect(report.total.issued > 1000)
            #expect(report.restarts.filter(\.succeeded).count == 2)
        }
    }
}
