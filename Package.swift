// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target of ours is compiled with; dependencies keep their own settings.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

let strictC: [CSetting] = [.treatAllWarnings(as: .error), .enableWarning("all"), .enableWarning("extra")]

/// With libsystemd, or with documented no-ops in its place.
let libsystemd = "Libsystemd"

/// With what serves gRPC, which is left out of the packages to fetch and to build otherwise.
let grpc = "GRPC"

extension Target.Dependency {
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let grpcCore = product(name: "GRPCCore", package: "grpc-swift-2", condition: .when(traits: [grpc]))
    static let grpcNIOTransport = product(
        name: "GRPCNIOTransportHTTP2Posix",
        package: "grpc-swift-nio-transport",
        condition: .when(traits: [grpc])
    )
    static let histogram = product(name: "Histogram", package: "hdrhistogram-swift")
    static let httpTypes = product(name: "HTTPTypes", package: "swift-http-types")
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let hummingbirdCore = product(name: "HummingbirdCore", package: "hummingbird")
    static let hummingbirdHTTP2 = product(name: "HummingbirdHTTP2", package: "hummingbird")
    static let hummingbirdTesting = product(name: "HummingbirdTesting", package: "hummingbird")
    static let logging = product(name: "Logging", package: "swift-log")
    static let coreMetrics = product(name: "CoreMetrics", package: "swift-metrics")
    static let metricsTestKit = product(name: "MetricsTestKit", package: "swift-metrics")
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioExtras = product(name: "NIOExtras", package: "swift-nio-extras")
    static let nioEmbedded = product(name: "NIOEmbedded", package: "swift-nio")
    static let nioHPACK = product(name: "NIOHPACK", package: "swift-nio-http2")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioHTTP2 = product(name: "NIOHTTP2", package: "swift-nio-http2")
    static let nioHTTPTypes = product(name: "NIOHTTPTypes", package: "swift-nio-extras")
    static let nioHTTPTypesHTTP1 = product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
    static let nioTLS = product(name: "NIOTLS", package: "swift-nio")
    static let nioWebSocket = product(name: "NIOWebSocket", package: "swift-nio")
    static let serviceLifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let subprocess = product(name: "Subprocess", package: "swift-subprocess")
    static let systemPackage = product(name: "SystemPackage", package: "swift-system")
    static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
}

let package = Package(
    name: "baton",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Systemd", targets: ["Systemd"]),
        .library(name: "Baton", targets: ["Baton"]),
        .library(name: "BatonNIO", targets: ["BatonNIO"]),
        .library(name: "BatonHTTP2", targets: ["BatonHTTP2"]),
        .library(name: "BatonTLS", targets: ["BatonTLS"]),
        .library(name: "BatonGRPC", targets: ["BatonGRPC"]),
        .library(name: "BatonHummingbird", targets: ["BatonHummingbird"]),
        .library(name: "BatonHummingbirdHTTP2", targets: ["BatonHummingbirdHTTP2"]),
        .library(name: "JournalLogging", targets: ["JournalLogging"]),
        .library(name: "SystemdTestKit", targets: ["SystemdTestKit"]),
        // Not app: who has an executable of that name could not depend on this package. In this one it is built nevertheless.
        .executable(name: "baton", targets: ["BatonCommand"]),
        .plugin(name: "BatonUnits", targets: ["BatonUnits"]),
    ],
    traits: [
        .trait(name: libsystemd, description: "Speaks to systemd, through libsystemd; on Linux only."),
        .trait(name: grpc, description: "Has BatonGRPC: gRPC services, by grpc-swift-2."),
        .default(enabledTraits: [libsystemd]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-http2.git", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.8.1"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift.git", from: "0.2.0"),
        .package(url: "https://github.com/grpc/grpc-swift-2.git", from: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport.git", from: "2.9.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", from: "1.0.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        // The C edge.
        .target(
            name: "CSystemd",
            cSettings: strictC + [.define("BATON_LIBSYSTEMD", .when(platforms: [.linux], traits: [libsystemd]))],
            linkerSettings: [.linkedLibrary("systemd", .when(platforms: [.linux], traits: [libsystemd]))]
        ),
        .target(name: "CProcess", cSettings: strictC),

        // The core: no event loop, no Foundation.
        .target(name: "Systemd", dependencies: ["CSystemd", .systemPackage], swiftSettings: strict),
        .target(name: "Baton", dependencies: ["Systemd", "CProcess", .systemPackage], swiftSettings: strict),

        // What servers are built with.
        .target(
            name: "BatonNIO",
            dependencies: [
                "Baton", "CProcess", "Systemd", .coreMetrics, .logging, .nioCore, .nioHTTP1, .nioPosix, .nioTLS,
                .nioWebSocket, .serviceLifecycle,
                .systemPackage, .unixSignals,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "BatonHTTP2",
            dependencies: ["Baton", "BatonNIO", .nioCore, .nioHPACK, .nioHTTP2],
            swiftSettings: strict
        ),
        .target(
            name: "BatonTLS",
            dependencies: ["BatonNIO", "Systemd", .nioCore, .nioSSL, .nioTLS, .systemPackage],
            swiftSettings: strict
        ),
        .target(
            name: "BatonGRPC",
            dependencies: [
                "Baton", "BatonHTTP2", "BatonNIO", "BatonTLS", "CSystemd", "Systemd", .grpcCore, .grpcNIOTransport,
                .logging, .nioCore, .nioPosix, .nioSSL, .serviceLifecycle, .systemPackage, .unixSignals,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "BatonHummingbird",
            dependencies: [
                "Baton", "BatonNIO", "Systemd", .hummingbird, .hummingbirdCore, .httpTypes, .logging, .nioCore,
                .nioHTTP1, .nioHTTPTypesHTTP1, .serviceLifecycle, .unixSignals,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "BatonHummingbirdHTTP2",
            dependencies: [
                "BatonHTTP2", "BatonHummingbird", "BatonNIO", "BatonTLS", .hummingbirdCore, .hummingbirdHTTP2, .logging,
                .nioCore, .nioHTTPTypes, .nioSSL,
            ],
            swiftSettings: strict
        ),
        .target(name: "JournalLogging", dependencies: ["CSystemd", "Systemd", .logging], swiftSettings: strict),

        // The commands.
        .target(
            name: "ArticleRoutes",
            dependencies: [.hummingbird, .httpTypes, .logging, .nioCore, .serviceLifecycle],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "app",
            dependencies: [
                "ArticleRoutes", "Baton", "BatonHummingbird", "BatonHummingbirdHTTP2", "BatonNIO", "BatonTLS",
                "JournalLogging", "Systemd", .argumentParser, .hummingbird, .logging, .nioCore, .nioPosix,
                .systemPackage, .unixSignals,
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "BatonCommand",
            dependencies: [
                "Baton", "CProcess", "JournalLogging", "Systemd", .argumentParser, .histogram, .nioCore, .nioHPACK,
                .nioHTTP1, .nioHTTP2, .nioPosix, .nioSSL, .nioTLS, .nioWebSocket, .systemPackage,
            ],
            swiftSettings: strict
        ),

        .plugin(
            name: "BatonUnits",
            capability: .command(
                intent: .custom(
                    verb: "baton-units",
                    description: "Write a socket and a service unit for the executable product of this package."
                )
            ),
            path: "Sources/BatonUnits"
        ),

        // A fake service manager and a real one, to test services with.
        .target(name: "CSystemdTestKit", cSettings: strictC),
        .target(
            name: "SystemdTestKit",
            dependencies: ["Baton", "CProcess", "CSystemd", "CSystemdTestKit", "Systemd", .subprocess],
            exclude: ["Machine/boot", "Machine/machine.bash", "Machine/machine.preset"],
            swiftSettings: strict
        ),

        // Our own cases under a real one, and the plain C server that the pause of a restart is measured against.
        .target(
            name: "MachineKit",
            dependencies: ["SystemdTestKit"],
            path: "Tests/Machine/Kit",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "plain-server",
            path: "Tests/Machine/PlainServer",
            cSettings: strictC + [.define("BATON_LIBSYSTEMD", .when(platforms: [.linux], traits: [libsystemd]))],
            linkerSettings: [.linkedLibrary("systemd", .when(platforms: [.linux], traits: [libsystemd]))]
        ),
        .executableTarget(
            name: "journal-writer",
            dependencies: ["JournalLogging", .logging],
            path: "Tests/Machine/JournalWriter",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "speaker",
            dependencies: ["Baton", "Systemd", .systemPackage],
            path: "Tests/Machine/Speaker",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "http2-client",
            dependencies: [.nioCore, .nioHPACK, .nioHTTP2, .nioPosix, .nioSSL],
            path: "Tests/Machine/HTTP2Client",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "stream-client",
            dependencies: [.nioCore, .nioHTTP1, .nioPosix],
            path: "Tests/Machine/StreamClient",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "grpc-client",
            dependencies: [
                "EchoMethods", .grpcCore, .grpcNIOTransport, .nioCore, .nioHPACK, .nioHTTP2, .subprocess,
            ],
            path: "Tests/Machine/GRPCClient",
            swiftSettings: strict
        ),
        .testTarget(
            name: "MachineTests",
            dependencies: ["MachineKit", "SystemdTestKit"],
            path: "Tests/Machine/Cases",
            swiftSettings: strict
        ),

        // What a server needs that is no Hummingbird application, a page each.
        .executableTarget(
            name: "line-echo",
            dependencies: ["Baton", "BatonNIO", .logging, .nioCore, .nioExtras],
            path: "Tests/Examples/LineEcho",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "datagram-echo",
            dependencies: ["Baton", "BatonNIO", .logging, .nioCore],
            path: "Tests/Examples/DatagramEcho",
            swiftSettings: strict
        ),
        .target(
            name: "EchoMethods",
            dependencies: [.grpcCore],
            path: "Tests/Examples/EchoMethods",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "grpc-echo",
            dependencies: ["Baton", "BatonGRPC", "EchoMethods", .grpcCore, .logging, .serviceLifecycle],
            path: "Tests/Examples/GRPCEcho",
            swiftSettings: strict
        ),
        // What README.md and the documentation show.
        .executableTarget(
            name: "hello",
            dependencies: ["Baton", "BatonHummingbird", .hummingbird],
            path: "Tests/Examples/Hello",
            swiftSettings: strict
        ),
        .target(
            name: "Snippets",
            dependencies: [
                "Baton", "BatonGRPC", "BatonHTTP2", "BatonHummingbird", "BatonHummingbirdHTTP2", "BatonNIO", "BatonTLS",
                "JournalLogging", "Systemd", "SystemdTestKit", .grpcCore, .hummingbird, .logging, .nioCore, .nioExtras,
                .nioHTTP1, .nioHTTP2, .serviceLifecycle, .unixSignals,
            ],
            path: "Tests/Examples/Snippets",
            swiftSettings: strict
        ),
        .testTarget(
            name: "ExampleTests",
            dependencies: [
                "BatonCommand", "BatonNIO", "MachineKit", "Snippets", "SystemdTestKit", "datagram-echo", "grpc-client",
                "grpc-echo", "hello", "line-echo", .logging, .nioCore, .serviceLifecycle, .subprocess, .systemPackage,
            ],
            swiftSettings: strict
        ),

        // The benchmarks, and stock Hummingbird with the same routes.
        .executableTarget(
            name: "benchmark",
            dependencies: [.argumentParser, .subprocess, .systemPackage],
            path: "Tests/Benchmarks/Compare",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "field",
            dependencies: ["MachineKit", "SystemdTestKit", .argumentParser],
            path: "Tests/Benchmarks/Field",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "journal-benchmark",
            dependencies: ["JournalLogging", .logging],
            path: "Tests/Benchmarks/JournalSwift",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "journal-benchmark-c",
            dependencies: ["CSystemd"],
            path: "Tests/Benchmarks/JournalC",
            cSettings: strictC
        ),
        .executableTarget(
            name: "notify-cost",
            dependencies: ["CSystemd", "Systemd", .systemPackage],
            path: "Tests/Benchmarks/Notify",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "stock-server",
            dependencies: ["ArticleRoutes", .hummingbird, .logging],
            path: "Tests/Benchmarks/StockServer",
            swiftSettings: strict
        ),

        // The tests, one target per module.
        .executableTarget(
            name: "inherited-sockets",
            dependencies: ["Systemd"],
            path: "Tests/InheritedSockets",
            swiftSettings: strict
        ),
        .executableTarget(name: "worker", path: "Tests/Worker", cSettings: strictC),
        .target(name: "TestCertificates", path: "Tests/TestCertificates", swiftSettings: strict),
        .testTarget(
            name: "SystemdTests",
            dependencies: ["Systemd", "inherited-sockets", .subprocess, .systemPackage],
            swiftSettings: strict
        ),
        .testTarget(
            name: "BatonTests",
            dependencies: ["Baton", "CProcess", "Systemd", .systemPackage],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SystemdTestKitTests",
            dependencies: ["Baton", "CSystemd", "Systemd", "SystemdTestKit"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "BatonNIOTests",
            dependencies: [
                "Baton", "BatonNIO", "Systemd", .coreMetrics, .logging, .metricsTestKit, .nioCore, .nioEmbedded,
                .nioHTTP1, .nioPosix, .nioTLS, .nioWebSocket, .serviceLifecycle,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "BatonHTTP2Tests",
            dependencies: ["BatonHTTP2", "BatonNIO", .nioCore, .nioEmbedded, .nioHPACK, .nioHTTP2],
            swiftSettings: strict
        ),
        .testTarget(
            name: "BatonTLSTests",
            dependencies: [
                "Baton", "BatonNIO", "BatonTLS", "Systemd", "TestCertificates", .logging, .nioCore,
                .nioEmbedded, .nioHTTP1,
                .nioPosix, .nioSSL, .nioTLS,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "BatonGRPCTests",
            dependencies: [
                "Baton", "BatonGRPC", "BatonTLS", "EchoMethods", "grpc-client", "grpc-echo", "Systemd",
                "TestCertificates", .grpcCore, .grpcNIOTransport, .logging, .serviceLifecycle, .systemPackage,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "BatonHummingbirdTests",
            dependencies: [
                "ArticleRoutes", "Baton", "BatonHummingbird", "BatonNIO", "MachineKit", "Systemd", "SystemdTestKit",
                .hummingbird,
                .hummingbirdCore,
                .logging,
                .nioCore,
                .nioHTTP1,
                .serviceLifecycle,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "AppTests",
            dependencies: ["app", "BatonCommand", .subprocess, .systemPackage],
            swiftSettings: strict
        ),
        .testTarget(
            name: "BatonCommandTests",
            dependencies: [
                "BatonCommand", "Systemd", .argumentParser, .histogram, .nioCore, .nioHPACK, .nioHTTP1, .nioHTTP2,
                .nioPosix, .nioSSL, .nioWebSocket, .subprocess, .systemPackage,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "BatonRunTests",
            dependencies: ["BatonCommand", "worker", .subprocess, .systemPackage],
            swiftSettings: strict
        ),
        .testTarget(
            name: "JournalLoggingTests",
            dependencies: ["JournalLogging", "Systemd", .logging],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ArticleRoutesTests",
            dependencies: ["ArticleRoutes", .httpTypes, .hummingbird, .hummingbirdTesting, .nioCore],
            swiftSettings: strict
        ),
    ]
)
