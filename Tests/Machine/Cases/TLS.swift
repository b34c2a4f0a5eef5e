import Foundation
import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// TLS: certificates that are read again, and how connections end.
    @Suite struct TLS {
        @Test(.timeLimit(.minutes(1)))
        func newConnectionsSeeARenewedCertificateAndABadOneChangesNothing() async throws {
            let https = try await HTTPSServer.install(in: .shared, asCredentials: false)
            let (server, machine) = (https.server, https.server.machine)
            let pid = try await server.mainPID()
            #expect(try await https.certificateName() == "first")
            async let open = machine.run(
                "curl",
                "--silent",
                "--show-error",
                "--insecure",
                "https://127.0.0.1:8443/sleep/?duration=4s",
                seconds: 20
            )
            try await machine.waitForConnection(to: 8443)
            try await HTTPSServer.renew(in: machine, name: "second")
            try await server.systemctl("reload")
            #expect(try await https.certificateName() == "second")

            try "nothing".write(toFile: machine.path(HTTPSServer.certificate), atomically: true, encoding: .utf8)
            let mark = try await machine.markJournal()
            #expect(try await machine.run("systemctl", "reload", server.service).status != 0)
            #expect(try await https.certificateName() == "second")
            let said = try await server.journal(since: mark).map(\.message)
            let problem = "TLS: \(HTTPSServer.certificate): holds no certificate in PEM format"
            #expect(said.contains { $0.hasPrefix("baton reload: \(problem)") }, "\(said)")
            #expect(try await server.property("StatusText").contains("reload failed: \(problem)"))

            let answer = try await open
            #expect(answer.output.hasSuffix(" from pid \(pid ?? 0).\n"), "\(answer)")
            #expect(try await server.mainPID() == pid)
            try await https.remove()
        }

        @Test(.timeLimit(.minutes(1)))
        func credentialsAreThoseOfTheLastStart() async throws {
            let https = try await HTTPSServer.install(in: .shared, asCredentials: true)
            let (server, machine) = (https.server, https.server.machine)
            #expect(try await https.certificateName() == "first")
            try await HTTPSServer.renew(in: machine, name: "second")
            try await server.systemctl("reload")
            #expect(try await https.certificateName() == "first", "systemd has not read it again")
            try await server.systemctl("restart")
            #expect(try await https.certificateName() == "second")
            try await https.remove()
        }

        @Test(.timeLimit(.minutes(1)))
        func fromSystemd260OnAReloadCanRefreshCredentials() async throws {
            let machine = try await Machine.shared
            guard machine.systemdVersion >= 260 else { return }
            let refresh = DropIn.service("[Service]\nRefreshOnReload=credentials\n")
            let https = try await HTTPSServer.install(in: machine, asCredentials: true, dropIns: [refresh])
            try await HTTPSServer.renew(in: machine, name: "second")
            try await https.server.systemctl("reload")
            #expect(try await https.certificateName() == "second")
            try await https.remove()
        }

        @Test(.timeLimit(.minutes(1)))
        func aDrainEndsConnectionsWithCloseNotifyAndAnswersWhatIsUnderWay() async throws {
            let machine = try await Machine.shared
            let files = "--tls-certificate \(HTTPSServer.certificate) --tls-key \(HTTPSServer.key)"
            let configuration = try await machine.debugConfiguration()
            let command = "/usr/local/bin/app \(files) --config \(configuration)"
            let https = try await HTTPSServer.install(in: machine, asCredentials: false, dropIns: [.command(command)])
            let mark = try await machine.markJournal()
            let input = #"GET /sleep/?duration=4s HTTP/1.1\r\nHost: machine\r\n\r\n"#
            async let talk = https.client(input: input, ["-msg", "-ign_eof", "-alpn", "http/1.1"])
            try await https.server.waitForSleeper(since: mark)
            try await https.server.systemctl("restart")
            let said = try await talk
            #expect(said.output.contains("slept for 4000000000 nanoseconds"), "\(said)")
            #expect(said.output.contains("Connection: close") || said.output.contains("connection: close"), "\(said)")
            #expect(said.output.contains(/<<< TLS 1.3, Alert .*close_notify/), "\(said)")
            try await https.remove()
        }

        @Test(.timeLimit(.minutes(1)))
        func sessionsAreResumedOverAReloadAndNotOverARestart() async throws {
            let https = try await HTTPSServer.install(in: .shared, asCredentials: false)
            let (server, machine) = (https.server, https.server.machine)
            let session = "/tmp/baton-session-\(ProcessInfo.processInfo.processIdentifier)"
            defer { try? FileManager.default.removeItem(atPath: session) }
            let request = #"GET / HTTP/1.1\r\nHost: machine\r\nConnection: close\r\n\r\n"#
            // Tickets come behind the handshake: the response is waited for.
            let first = try await https.client(input: request, ["-ign_eof", "-sess_out", session])
            #expect(first.output.contains("New, TLSv1.3"), "\(first)")
            func again() async throws -> String {
                try await https.client(input: request, ["-ign_eof", "-sess_in", session]).output
            }
            #expect(try await again().contains("Reused, TLSv1.3"))
            try await HTTPSServer.renew(in: machine, name: "second")
            try await server.systemctl("reload")
            #expect(try await again().contains("Reused, TLSv1.3"))
            try await server.systemctl("restart")
            #expect(try await again().contains("New, TLSv1.3"), "NIOSSL cannot pass its ticket keys on")
            try await https.remove()
        }
    }
}
