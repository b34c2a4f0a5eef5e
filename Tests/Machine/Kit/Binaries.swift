import Foundation
public import SystemdTestKit

/// The release builds that the cases run, in the folder named by `BATON_BIN_DIR`.
public struct Binaries {
    static let names =
        ["app", "baton", "http2-client", "journal-writer", "plain-server", "speaker", "stream-client"] + grpc

    #if GRPC
    private static let grpc = ["grpc-client", "grpc-echo"]
    #else
    private static let grpc: [String] = []
    #endif
    let folder: String

    init(environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        guard let folder = environment["BATON_BIN_DIR"], !folder.isEmpty else {
            throw MachineError(
                "BATON_BIN_DIR is not set, so there is nothing to test: run Tests/run, which builds and sets it"
            )
        }
        for name in Self.names where !FileManager.default.isExecutableFile(atPath: "\(folder)/\(name)") {
            throw MachineError("BATON_BIN_DIR=\(folder) has no program \(name): run Tests/run, which builds it")
        }
        self.folder = folder
    }

    /// Hummingbird without Baton, which is built for comparisons only.
    private static var stockServer: String? {
        guard let folder = try? Binaries().folder else { return nil }
        let path = "\(folder)/stock-server"
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }

    /// Whether it has been built.
    public static var hasStockServer: Bool { stockServer != nil }

    /// Puts it beside the others.
    public static func copyStockServer(into machine: Machine) throws {
        let place = machine.path("/usr/local/bin/stock-server")
        guard let stockServer, !FileManager.default.fileExists(atPath: place) else { return }
        try FileManager.default.copyItem(atPath: stockServer, toPath: place)
    }
}
