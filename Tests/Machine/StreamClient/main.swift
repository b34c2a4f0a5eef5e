// Clients of WebSockets or of event streams that live through restarts of their server, and say how that was for them.
import Glibc
import NIOPosix

do {
    let plan = try Plan(CommandLine.arguments.dropFirst())
    let group = MultiThreadedEventLoopGroup.singleton
    let report =
        switch plan.kind {
        case .webSocket: try await Run<WebSocketClient>(plan, on: group).report()
        case .events: try await Run<EventClient>(plan, on: group).report()
        }
    print(report)
    exit(report.isGood ? EXIT_SUCCESS : EXIT_FAILURE)
} catch {
    print("stream-client: \(error)")
    exit(EXIT_FAILURE)
}
