import Baton
import BatonHTTP2
import BatonNIO
import BatonTLS
import Logging
import NIOCore
import NIOExtras
import NIOHTTP1
import NIOHTTP2

/// What the pages and doc comments of BatonNIO, BatonHTTP2 and BatonTLS show.
enum PipelineSnippets {
    @MainActor static func shortest(_ logger: Logger) async throws {
        let activation = try Activation.take(elseBind: [.tcp(host: "127.0.0.1", port: 7000)], named: "line")
        let server = PipelineServer(named: "line", logger: logger) { channel in
            channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Echo()) }
        }
        try await server.run(on: activation)
    }

    @MainActor static func lines() async throws {
        // First, while there is one thread: it clears the variables that passed the sockets.
        let activation = try Activation.take(elseBind: [.tcp(host: "127.0.0.1", port: 7000)], named: "line")
        let server = PipelineServer(named: "line", logger: Logger(label: "line")) { channel in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(ByteToMessageHandler(LineBasedFrameDecoder()))
                // Ends the connection when the server stops. It counts lines and answers.
                try pipeline.addHandler(IdleDrainHandler())
                try pipeline.addHandler(Echo())
            }
        }
        try await server.run(on: activation)
    }

    static func http1(_ activation: consuming Activation, _ logger: Logger) async throws {
        let server = PipelineServer(named: "http", logger: logger) { channel in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false, withErrorHandling: false)
                try pipeline.addHandler(HTTP1DrainHandler(linger: .milliseconds(250)))
                try pipeline.addHandler(Greeting())
            }
        }
        try await server.run(on: activation)
    }

    @MainActor static func datagrams(_ logger: Logger) async throws {
        let activation = try Activation.take(elseBind: [], named: "echo")
        try await DatagramServer(named: "echo", logger: logger) { datagram in datagram.bytes }.run(on: activation)
    }

    static func http2(_ activation: consuming Activation, _ logger: Logger) async throws {
        let server = PipelineServer(named: "http", logger: logger) { channel in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                let manager = NIOHTTP2ServerConnectionManagementHandler(
                    eventLoop: channel.eventLoop,
                    configuration: .init(maxIdleTime: nil, maxAge: nil, maxGraceTime: nil, keepalive: nil)
                )
                _ = try pipeline.configureHTTP2Pipeline(
                    mode: .server,
                    connectionConfiguration: .init(),
                    streamConfiguration: .init(),
                    streamDelegate: manager.http2StreamDelegate
                ) { stream in
                    stream.eventLoop.makeCompletedFuture {
                        try stream.pipeline.syncOperations.addHandlers(
                            HTTP2StreamDrainHandler(),
                            HTTP2FramePayloadToHTTP1ServerCodec(),
                            Greeting()
                        )
                    }
                }
                try pipeline.addHandler(manager)
                try HTTP2DrainHandler.add(to: pipeline)
            }
        }
        try await server.run(on: activation)
    }

    static func tls(_ activation: consuming Activation, _ logger: Logger) async throws {
        let certificate = try TLSCertificate(TLSFiles(certificate: "/etc/app/tls.crt", key: "/etc/app/tls.key"))
        let tls = try certificate.context(applicationProtocols: ["http/1.1"])
        var server = PipelineServer(named: "https", logger: logger) { channel in
            channel.eventLoop.makeCompletedFuture {
                let linger = TimeAmount.milliseconds(250)
                _ = try channel.pipeline.syncOperations.configureTLS(context: tls, linger: linger) { _ in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.configureHTTPServerPipeline(
                            withPipeliningAssistance: false,
                            withErrorHandling: false
                        )
                        try pipeline.addHandler(HTTP1DrainHandler(linger: linger))
                        try pipeline.addHandler(Greeting())
                    }
                }
            }
        }
        server.lifecycle.reload = { try certificate.reload() }
        try await server.run(on: activation)
    }

    static func work(_ context: ChannelHandlerContext) {
        context.triggerUserOutboundEvent(ConnectionWork.began, promise: nil)
    }
}
