import Baton
import Foundation
import Systemd
import SystemdTestKit
import Testing

struct GenerationTests {
    @Test func socketsHaveTheirNamesAndTheManagerKeepsThem() throws {
        let manager = try FakeServiceManager()
        let http = try manager.listen()
        let control = try manager.listen(on: .unix(path: "\(manager.folder)/control.sock"), named: "control")
        for _ in 1...2 {
            var activation = try manager.activation()
            #expect(activation.origin == .serviceManager)
            #expect(activation.watchdog == nil)
            #expect(activation.sockets.descriptions.map(\.name) == ["http", "control"])
            #expect(activation.sockets.descriptions.map(\.localAddress) == [http, control])
            #expect(activation.sockets.descriptions.allSatisfy { $0.isListening })
            let socket = try activation.take("control", index: 0)
            close(socket.release())
        }
    }

    @Test func aConnectionWaitsForTheNextGeneration() async throws {
        let manager = try FakeServiceManager()
        guard case .ipv4(_, let port) = try manager.listen() else {
            Issue.record("no IPv4 address")
            return
        }
        do { _ = try manager.activation() }
        let connection = try await Connection.open(to: port, in: nil)
        try await connection.send("hello")
        var activation = try manager.activation()
        let listener = try activation.take("http", index: 0).release()
        defer { close(listener) }
        let accepted = accept(listener, nil, nil)
        defer { close(accepted) }
        var bytes = [UInt8](repeating: 0, count: 16)
        // Not there yet, perhaps: the accepted connection blocks.
        let count = read(accepted, &bytes, bytes.count)
        #expect(count == 5 && String(decoding: bytes.prefix(5), as: UTF8.self) == "hello")
    }

    @Test(.timeLimit(.minutes(1)))
    func pingsAreCountedAndAreNoNews() async throws {
        let manager = try FakeServiceManager(watchdog: .milliseconds(300))
        let activation = try manager.activation()
        #expect(activation.watchdog?.duration == .milliseconds(300))
        let notifier = activation.notifier
        let pings = try await manager.pings {
            for pause in [50, 50, 400, 50] {
                try await Task.sleep(for: .milliseconds(pause))
                notifier.send(.watchdogPing)
                #expect(notifier.barrier(within: .seconds(10)) == .sent)
            }
        }
        #expect(pings.times.count == 4)
        #expect(pings.longestGap >= .milliseconds(400))
        #expect(pings.longestGap <= pings.duration - .milliseconds(150))
        #expect(manager.notifications.isEmpty)

        let silence = try await manager.pings { try await Task.sleep(for: .milliseconds(100)) }
        #expect(silence.times.isEmpty)
        #expect(silence.longestGap == silence.duration)
        notifier.send(.watchdogTrigger)
        #expect(try await manager.next()["WATCHDOG"] == "trigger")
    }

    @Test(.timeLimit(.minutes(1)))
    func thePingOfALaterMomentIsWaitedFor() async throws {
        let manager = try FakeServiceManager(watchdog: .seconds(1))
        let notifier = try manager.activation().notifier
        let pinging = Task {
            while !Task.isCancelled {
                notifier.send(.watchdogPing)
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        for _ in 1...3 { try await manager.nextPing() }
        pinging.cancel()
    }

    @Test func noPingIsAnError() async throws {
        let manager = try FakeServiceManager(watchdog: .seconds(1))
        let notifier = try manager.activation().notifier
        notifier.send(.watchdogPing)
        notifier.send(.ready)
        try await manager.next()
        await #expect(throws: FakeServiceManagerError.self) { try await manager.nextPing(within: .milliseconds(100)) }
    }
}
