#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

#if GRPC
import Subprocess

/// Keeps calls under way while it runs a command that many times, each time when all clients are served by the present process; then says
/// how they ended.
///
///     grpc-client PORT CLIENTS WIDTH TIMES INTERVAL_MS COMMAND
///
/// Each client has a connection, and WIDTH calls of each kind at a time: unary, with a stream of answers, with streams both ways. It is
/// gRPC's own, without a retry policy; nothing is called again here.
@main
struct Client {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 7, let port = Int(arguments[1]), let clients = Int(arguments[2]),
            let width = Int(arguments[3]), let times = Int(arguments[4]), let interval = Int(arguments[5])
        else {
            print("usage: grpc-client PORT CLIENTS WIDTH TIMES INTERVAL_MS COMMAND")
            exit(EX_USAGE)
        }
        let ledger = Ledger()
        let failed = try await withThrowingTaskGroup { group in
            for _ in 0..<clients { group.addTask { try await Caller.with(port, ledger) { await $0.all(width) } } }
            var failed = 0
            for round in 0...times {
                try await Task.sleep(for: .milliseconds(interval))
                for _ in 0..<2000 where ledger.now.served.count < clients {
                    try await Task.sleep(for: .milliseconds(10))
                }
                guard round < times else { break }
                if try await fails(arguments[6]) { failed += 1 }
                ledger.beginRound()
            }
            ledger.stop()
            try await group.waitForAll()
            return failed
        }
        let counts = ledger.now
        let answered = ["Get", "Expand", "Update"].map { "\($0) \(counts.answered[$0] ?? 0)" }.joined(separator: " ")
        print(
            "answered \(answered) refused \(counts.refused) late \(counts.late) lost \(counts.lost) commands \(times) failed \(failed) "
                + "goaways \(counts.firstGoAways) \(counts.lastGoAways) connections \(counts.connections) "
                + "processes \(counts.servers.count)"
        )
        for reason in counts.reasons { print(reason) }
        exit(counts.lost == 0 && failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE)
    }

    /// Whether a shell command fails. It inherits no connection, which would stay open as long as it runs.
    private static func fails(_ command: String) async throws -> Bool {
        let result = try await Subprocess.run(.name("sh"), arguments: ["-c", command], output: .discarded)
        return !result.terminationStatus.isSuccess
    }
}
#else
@main
struct Client {
    static func main() {
        print("grpc-client has been built without the package trait GRPC: swift build --traits default,GRPC")
        exit(EX_UNAVAILABLE)
    }
}
#endif
