import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// Promise 2: the listen socket belongs to its holder.
    @Suite struct ListenSocketStays {
        // Outside any RuntimeDirectory= of the service, which is deleted at each restart.
        private static let path = "/run/app-extra.sock"

        @Test(.timeLimit(.minutes(1)))
        func backlogAndPathAreTheSameAfterFiveRestarts() async throws {
            let machine = try await Machine.shared
            let server = try await Server.install(
                .app(),
                in: machine,
                dropIns: [.socket("[Socket]\nListenStream=\(Self.path)\n")]
            )
            let inode = try await machine.check("stat", "--format=%i", Self.path)
            for _ in 1...5 {
                try await server.systemctl("restart")
                #expect(try await server.get("/").status == 200)
                let answer = try await machine.check("curl", "-sS", "--unix-socket", Self.path, "http://localhost/")
                #expect(answer.contains("pid \(try await server.mainPID() ?? 0)"))
            }
            #expect(try await machine.listenQueue(port: 8080)?.limit == 4096)
            #expect(try await machine.listenQueue(path: Self.path)?.limit == 4096)
            #expect(try await machine.check("stat", "--format=%i", Self.path) == inode)
        }

        @Test(.timeLimit(.minutes(1)))
        func restartingTheSocketUnitBringsBothBack() async throws {
            let machine = try await Machine.shared
            let server = try await Server.install(.app(), in: machine)
            let old = try #require(try await server.mainPID())
            try await machine.check("systemctl", "restart", server.socket)
            let reply = try await server.get("/")
            #expect(reply.status == 200)
            #expect(reply.pid != old)
        }
    }
}
