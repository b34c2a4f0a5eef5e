import NIOCore
import NIOHTTP2
import NIOPosix
import NIOSSL

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

// http2-client PORT PATH CONNECTIONS WIDTH http|https TIMES INTERVAL_MS COMMAND
// Keeps WIDTH requests under way on each of CONNECTIONS while it runs COMMAND that many TIMES, each time when all of them are served by
// the present process; then says how they ended.

let arguments = CommandLine.arguments
guard arguments.count == 9, let port = Int(arguments[1]), let connections = Int(arguments[3]),
    let width = Int(arguments[4]), let times = Int(arguments[6]), let interval = UInt32(arguments[7])
else {
    print("usage: http2-client PORT PATH CONNECTIONS WIDTH http|https TIMES INTERVAL_MS COMMAND")
    exit(EX_USAGE)
}
let (path, command) = (arguments[2], arguments[8])
var configuration = TLSConfiguration.makeClientConfiguration()
configuration.certificateVerification = .none
configuration.applicationProtocols = ["h2"]
let tls = arguments[5] == "https" ? try NIOSSLContext(configuration: configuration) : nil
let ledger = Ledger()

/// Opens one connection after the other until no more are wanted.
@Sendable func keepConnected(_ loop: any EventLoop) -> EventLoopFuture<Void> {
    guard !ledger.isOver else { return loop.makeSucceededVoidFuture() }
    ledger.count { $0.connections += 1 }
    return ClientBootstrap(group: loop).channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            if let tls { try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: nil)) }
            try pipeline.addHandler(NIOHTTP2Handler(mode: .client))
            try pipeline.addHandler(Requests(ledger: ledger, path: path, width: width))
        }
    }
    .connect(host: "127.0.0.1", port: port)
    .flatMap { $0.closeFuture }
    .flatMapError { error in
        ledger.lost(1, "no connection: \(error)")
        return loop.makeSucceededVoidFuture()
    }
    .flatMap { keepConnected(loop) }
}

let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
let ends = (0..<connections).map { _ in keepConnected(group.next()) }
var failures = 0
for round in 0...times {
    usleep(interval * 1000)
    for _ in 0..<2000 where ledger.now.served < connections { usleep(10_000) }
    guard round < times else { break }
    guard let pipe = popen(command, "r") else { exit(EX_OSERR) }
    if pclose(pipe) != 0 { failures += 1 }
    ledger.beginRound()
}
ledger.stop()
for end in ends { try end.wait() }
let counts = ledger.now
print(
    "answered \(counts.answered) refused \(counts.refused) lost \(counts.lost) commands \(times) failed \(failures) "
        + "goaways \(counts.firstGoAways) \(counts.lastGoAways) connections \(counts.connections)"
)
for reason in counts.reasons { print(reason) }
exit(counts.lost == 0 && failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE)
