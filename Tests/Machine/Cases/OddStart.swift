import Foundation
import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// Starts that look wrong and work.
    @Suite struct OddStart {
        /// Starts a server in the machine, asks it once at `port`, ends it; returns its log and what it answered.
        private func serve(
            _ command: String,
            port: UInt16,
            also script: String = ""
        ) async throws -> (log: String, answer: String) {
            let machine = try await Machine.shared
            let result = try await machine.run(
                "bash",
                "-c",
                """
                (\(command)) 2>/run/odd.log & pid=$!
                tries=0
                until curl -sS --max-time 5 http://127.0.0.1:\(port)/ 2>/run/odd.curl; do
                    ((++tries < 200)) || { cat /run/odd.curl; break; }
                    sleep 0.02
                done
                \(script)
                kill -TERM $pid; wait $pid || echo "status $?"
                """,
                seconds: 40
            )
            return (try await machine.check("cat", "/run/odd.log"), result.output)
        }

        @Test func socketsForAnotherProcessAreIgnored() async throws {
            let (log, answer) = try await serve("LISTEN_PID=1 LISTEN_FDS=1 exec app --port 9191", port: 9191)
            #expect(answer.contains("pid ") && !answer.contains("status"), "\(answer)\(log)")
        }

        @Test func aServiceManagerThatIsNotThereIsMentionedOnce() async throws {
            let (log, answer) = try await serve("NOTIFY_SOCKET=/run/nowhere exec app --port 9191", port: 9191)
            #expect(answer.contains("pid ") && !answer.contains("status"), "\(answer)\(log)")
            #expect(log.components(separatedBy: "NOTIFY_SOCKET").count == 2, "\(log)")
        }

        @Test func portZeroPrintsTheRealOne() async throws {
            let machine = try await Machine.shared
            let result = try await machine.run(
                "bash",
                "-c",
                """
                app --port 0 2>/run/zero.log & pid=$!
                until ss -Hltnp "sport != :8080" | grep -q "pid=$pid,"; do
                    kill -0 $pid || { cat /run/zero.log; exit 1; }
                    sleep 0.02
                done
                address=$(ss -Hltnp | grep "pid=$pid," | grep -o '127.0.0.1:[0-9]*')
                echo $address
                # It catches signals some time after it listens, and before it answers.
                curl -sS --max-time 10 -o /dev/null http://$address/
                kill -TERM $pid; wait $pid
                """,
                seconds: 20
            )
            let address = result.output.trimmingCharacters(in: .newlines)
            #expect(result.status == 0, "\(result)")
            #expect(address.hasPrefix("127.0.0.1:") && !address.hasSuffix(":0"))
            #expect(try await machine.check("cat", "/run/zero.log").contains(address))
        }

        @Test func aSocketThatNobodyAsksForIsClosedWithAWarning() async throws {
            let (log, answer) = try await serve(
                "exec systemd-socket-activate --fdname=http:other -l 127.0.0.1:9191 -l 127.0.0.1:9192 /usr/local/bin/app",
                port: 9191,
                also: "ss -Hltn 'sport = :9192' | grep -q . && echo status: still open"
            )
            #expect(answer.contains("pid ") && !answer.contains("status"), "\(answer)\(log)")
            #expect(log.contains("other[0]") && log.contains("127.0.0.1:9192"), "\(log)")
        }
    }
}
