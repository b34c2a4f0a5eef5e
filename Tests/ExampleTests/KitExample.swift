import BatonNIO
import Logging
import NIOCore
import ServiceLifecycle
import SystemdTestKit
import Testing

/// What the page of SystemdTestKit shows.
@Suite(.timeLimit(.minutes(1))) struct KitExample {
    @Test func theServerSaysWhenItIsReadyAndWhenItStops() async throws {
        let manager = try FakeServiceManager()
        try manager.listen(named: "line")
        let logger = Logger(label: "test")
        let server = PipelineServer(named: "line", logger: logger) { channel in
            channel.eventLoop.makeSucceededVoidFuture()
        }
        let service = try await server.service(on: try manager.activation())
        let group = ServiceGroup(configuration: .init(services: [.init(service: service)], logger: logger))
        async let end: Void = group.run()
        try await manager.next { $0.isReady }
        await group.triggerGracefulShutdown()
        try await manager.next { $0.isStopping }
        try await end
    }
}
