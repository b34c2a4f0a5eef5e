import MachineKit
import SystemdTestKit
import Testing

/// What is wrong, as a shell command, and what the message on standard error must name.
struct BadStart: Sendable, CustomTestStringConvertible {
    let command: String
    let names: [String]

    init(_ command: String, _ names: String...) {
        self.command = command
        self.names = names
    }

    var testDescription: String { command }

    static let all: [BadStart] = [
        // exec keeps the shell's pid, which LISTEN_PID must be.
        .init("LISTEN_PID=$$ LISTEN_FDS=abc exec app", "LISTEN_FDS=abc"),
        .init("LISTEN_PID=$$ LISTEN_FDS=-1 exec app", "LISTEN_FDS=-1"),
        .init("LISTEN_PID=$$ LISTEN_FDS=99999 exec app", "LISTEN_FDS=99999"),
        .init("LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=a:b exec app 3</usr/bin/env", "LISTEN_FDNAMES"),
        .init("LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=http exec app 3</usr/bin/env", "http[0]"),
        .init("SERVER_STARTER_PORT=8080 exec app", "SERVER_STARTER_PORT", "8080"),
        .init("SERVER_STARTER_PORT==3 exec app", "SERVER_STARTER_PORT", "=3"),
        .init("SERVER_STARTER_PORT=8080=x exec app", "SERVER_STARTER_PORT", "'x'"),
        .init("SERVER_STARTER_PORT='8080=3;;81=4' exec app", "SERVER_STARTER_PORT", "8080=3;;81=4"),
        .init("SERVER_STARTER_PORT=8080=999 exec app", "SERVER_STARTER_PORT", "999"),
        .init("exec app --port 8080", "8080"),
        .init("exec setpriv --reuid=65534 --regid=65534 --clear-groups app --port 80", "80"),
        .init("exec app --hostname no.such.host.invalid", "no.such.host.invalid"),
        .init("exec app --unix /run/\(String(repeating: "x", count: 120))", "/run/xxx"),
        .init("echo precious >/run/regular; exec app --unix /run/regular", "/run/regular"),
    ]
}

extension UnderSystemd {
    /// Promise 8: bad input gets a clear error.
    @Suite struct BadInput {
        @Test(.timeLimit(.minutes(1)), arguments: BadStart.all)
        func itExitsWith78AndNamesWhatIsWrong(_ bad: BadStart) async throws {
            let machine = try await Machine.shared
            // Holds port 8080.
            _ = try await Server.install(.app(), in: machine, start: false)
            let result = try await machine.run("bash", "-c", bad.command, seconds: 20)
            #expect(result.status == 78, "\(result)")
            for name in bad.names { #expect(result.errors.contains(name), "\(result)") }
            if bad.names == ["/run/regular"] {
                #expect(try await machine.check("cat", "/run/regular") == "precious")
            }
        }

        /// Starts the service, which must fail with 78, and returns the message in the journal.
        private func failedStart(_ socket: String) async throws -> String {
            let machine = try await Machine.shared
            let server = try await Server.install(
                .app(),
                in: machine,
                dropIns: [.socket(socket), .service("[Service]\nRestart=no\n")],
                start: false
            )
            let mark = try await machine.markJournal()
            #expect(try await machine.run("systemctl", "start", server.service).status != 0)
            #expect(try await server.property("Result") == "exit-code")
            #expect(try await server.property("ExecMainStatus") == "78")
            let journal = try await server.journal(since: mark)
            return journal.filter { ($0.priority ?? 7) <= 3 && $0.pid != 1 }.map(\.message).joined(separator: "\n")
        }

        @Test func aWrongNameInTheSocketUnit() async throws {
            let message = try await failedStart("[Socket]\nFileDescriptorName=wrong\n")
            #expect(message.contains("'http'"), "what was asked for")
            #expect(message.contains("wrong"), "what there is")
            #expect(message.contains("FileDescriptorName="), "what to do")
        }

        @Test func aDatagramSocketInTheSocketUnit() async throws {
            let message = try await failedStart("[Socket]\nListenDatagram=8081\n")
            #expect(message.contains("http[1]"))
            #expect(message.contains("datagram"))
            #expect(message.contains("ListenStream="), "what to do")
        }
    }
}
