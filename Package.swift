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

extension Target.Dependency {
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let histogram = product(name: "Histogram", package: "hdrhistogram-swift")
    static let httpTypes = product(name: "HTTPTypes", package: "swift-http-types")
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let hummingbirdCore = product(name: "HummingbirdCore", package: "hummingbird")
    static let hummingbirdTesting = product(name: "HummingbirdTesting", package: "hummingbird")
    static let logging = product(name: "Logging", package: "swift-log")
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioEmbedded = product(name: "NIOEmbedded", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioHTTPTypesHTTP1 = product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
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
        .library(name: "BatonHummingbird", targets: ["BatonHummingbird"]),
        .library(name: "JournalLogging", targets: ["JournalLogging"]),
        .executable(name: "app", targets: ["app"]),
        .executable(name: "baton", targets: ["BatonCommand"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.8.1"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift.git", from: "0.2.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", from: "1.0.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        // The C edge.
        .target(name: "CSystemd", cSettings: strictC, linkerSettings: [.linkedLibrary("systemd")]),
        .target(name: "CProcess", cSettings: strictC),

        // The core: no event loop, no Foundation.
        .target(name: "Systemd", dependencies: ["CSystemd", .systemPackage], swiftSettings: strict),
        .target(name: "Baton", dependencies: ["Systemd", "CProcess", .systemPackage], swiftSettings: strict),

        // What servers are built with.
        .target(
            name: "BatonNIO",
            dependencies: ["Baton", "CProcess", "Systemd", .logging, .nioCore, .nioHTTP1, .nioPosix],
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
        .target(name: "JournalLogging", dependencies: ["Systemd", .logging], swiftSettings: strict),

        // The commands.
        .target(
            name: "ArticleRoutes",
            dependencies: [.hummingbird, .httpTypes, .nioCore, .serviceLifecycle],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "app",
            dependencies: [
                "ArticleRoutes", "Baton", "BatonHummingbird", "BatonNIO", "JournalLogging", "Systemd", .argumentParser,
                .hummingbird, .logging, .serviceLifecycle,
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "BatonCommand",
            dependencies: [.argumentParser, .histogram, .nioCore, .nioHTTP1, .nioPosix],
            swiftSettings: strict
        ),

        // A real systemd to test against, and the plain C server that the pause of a restart is measured against.
        .target(name: "CNamespace", path: "Tests/Machine/CNamespace", cSettings: strictC),
        .target(
            name: "MachineKit",
            dependencies: ["CNamespace", .subprocess],
            path: "Tests/Machine/Kit",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "plain-server",
            path: "Tests/Machine/PlainServer",
            cSettings: strictC,
            linkerSettings: [.linkedLibrary("systemd")]
        ),
        .testTarget(
            name: "MachineTests",
            dependencies: ["MachineKit"],
            path: "Tests/Machine/Cases",
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
        .testTarget(
            name: "SystemdTests",
            dependencies: ["Systemd", "inherited-sockets", .subprocess, .systemPackage],
            swiftSettings: strict
        ),
        .testTarget(name: "BatonTests", dependencies: ["Baton", "Systemd", .systemPackage], swiftSettings: strict),
        .testTarget(
            name: "BatonNIOTests",
            dependencies: [
                "BatonNIO", .nioCore, .nioEmbedded, .nioHTTP1,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "BatonHummingbirdTests",
            dependencies: [
                "ArticleRoutes", "Baton", "BatonHummingbird", "MachineKit", "Systemd", .hummingbird, .hummingbirdCore,
                .logging,
                .nioCore,
                .serviceLifecycle,
            ],
            swiftSettings: strict
        ),
        .testTarget(name: "AppTests", dependencies: ["app", .subprocess, .systemPackage], swiftSettings: strict),
        .testTarget(
            name: "BatonCommandTests",
            dependencies: ["BatonCommand", .argumentParser, .histogram, .nioCore, .nioHTTP1, .nioPosix],
            swiftSettings: strict
        ),
        .testTarget(name: "JournalLoggingTests", dependencies: ["JournalLogging", .logging], swiftSettings: strict),
        .testTarget(
            name: "ArticleRoutesTests",
            dependencies: ["ArticleRoutes", .httpTypes, .hummingbird, .hummingbirdTesting, .nioCore],
            swiftSettings: strict
        ),
    ]
)
