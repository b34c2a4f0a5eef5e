import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// Clean exits, no crash and no hang, whenever the signal comes.
    @Suite struct Signals {
        @Test(.timeLimit(.minutes(2)))
        func termAtAnyMomentOfTheStart() async throws {
            let machine = try await Machine.shared
            let script = """
                for delay in $(seq -f 0.%03.0f 0 60) 0.100 0.200 0.500 3; do
                    /usr/local/bin/app --port 9191 2>/run/term.log & pid=$!
                    sleep $delay
                    kill -TERM $pid
                    status=0; wait $pid || status=$?
                    case $status in
                        0) echo clean ;;
                        143) echo "too early" ;; # before there is a handler, and anything to end
                        *) echo "TERM after $delay s: status $status"; cat /run/term.log ;;
                    esac
                done
                """
            let result = try await machine.run("bash", "-c", script, seconds: 90)
            let reports = result.output.split(separator: "\n")
            #expect(reports.allSatisfy { $0 == "clean" || $0 == "too early" }, "\(result)")
            #expect(reports.count == 65)
            #expect(reports.contains("too early") && reports.contains("clean"), "the moments do not span the start")
        }

        @Test(.timeLimit(.minutes(2)))
        func stopAtAnyMomentOfTheStart() async throws {
            let machine = try await Machine.shared
            let server = try await Server.install(.app(), in: machine, start: false)
            let mark = try await machine.markJournal()
            let script = """
                for delay in $(seq -f 0.%03.0f 0 3 60); do
                    systemctl start --no-block app.service
                    sleep $delay
                    systemctl stop app.service
                    echo $(systemctl show -P Result -P ActiveState app.service)
                done
                """
            let result = try await machine.run("bash", "-c", script, seconds: 90)
            let states = result.output.split(separator: "\n")
            #expect(states.count == 21)
            #expect(states.allSatisfy { $0 == "inactive success" || $0 == "success inactive" }, "\(result)")
            let journal = try await server.journal(since: mark)
            #expect(
                !journal.contains { $0.message.contains("code=dumped") || $0.message.contains("timed out") },
                "\(journal)"
            )
        }

        @Test(.timeLimit(.minutes(1)))
        func termTwice() async throws {
            let machine = try await Machine.shared
            let server = try await Server.install(.app(), in: machine, dropIns: [.service("[Service]\nRestart=no\n")])
            let pid = try await server.mainPID()
            let connection = try await Connection.open(to: 8080, in: machine)
            try await connection.send("GET /sleep/?duration=8s HTTP/1.1\r\nHost: machine\r\n\r\n")
            try await machine.waitForEmptyBacklog(of: 8080)

            try await server.kill("TERM")
            try await server.wait(for: "ActiveState", toBe: "deactivating")
            try await server.kill("TERM")

            let reply = try #require(try await connection.reply())
            #expect(reply.status == 200)
            #expect(reply.pid == pid)
            try await server.wait(for: "ActiveState", toBe: "inactive")
            #expect(try await server.property("Result") == "success")
            #expect(try await server.property("ExecMainCode") == "1")
            #expect(try await server.property("ExecMainStatus") == "0")
        }

        @Test(.timeLimit(.minutes(1)))
        func controlCInATerminal() async throws {
            let machine = try await Machine.shared
            // script(1) gives the program a terminal and passes what it reads itself on as keys.
            let script = """
                {
                    until curl -s -o /run/int.body http://127.0.0.1:9191/; do sleep 0.02; done
                    printf '\\003'
                } | script --quiet --return --flush --command 'exec /usr/local/bin/app --port 9191' /run/int.log
                """
            let start = ContinuousClock.now
            let result = try await machine.run("bash", "-c", script, seconds: 30)
            #expect(result.status == 0, "\(result)")
            #expect(ContinuousClock.now - start < .seconds(10))
        }
    }
}
