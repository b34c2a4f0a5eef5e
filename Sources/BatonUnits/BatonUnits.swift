import Foundation
import PackagePlugin

/// `swift package baton-units`: `baton units` for the executable product of a package.
@main
struct BatonUnits: CommandPlugin {
    /// Why there are no units.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    func performCommand(context: PluginContext, arguments: [String]) throws {
        // What is behind -- is the program's.
        let parts = arguments.split(separator: "--", maxSplits: 1, omittingEmptySubsequences: false).map(Array.init)
        var options = ArgumentExtractor(parts.first ?? [])
        let product = try Self.product(options.extractOption(named: "product").last, of: context.package)
        let program = options.extractOption(named: "program").last ?? "/usr/local/bin/\(product)"
        let process = Process()
        process.executableURL = try baton()
        process.arguments =
            ["units"] + options.remainingArguments + ["--", program] + (parts.count > 1 ? parts[1] : [])
        try process.run()
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            throw Failure(description: "baton units has ended with status \(process.terminationStatus)")
        }
    }

    /// Built now. As a dependency of the plugin it would be built twice, the second time as a tool, in each build of all targets.
    private func baton() throws -> URL {
        // As a diagnostic: what a plugin writes, to whatever descriptor, swift-package puts on standard output, where the units go.
        Diagnostics.remark("building baton (minutes the first time)")
        let result = try packageManager.build(.product("baton"), parameters: .init(configuration: .inherit))
        let artifact = result.builtArtifacts.first { $0.kind == .executable && $0.url.lastPathComponent == "baton" }
        guard result.succeeded, let artifact else {
            throw Failure(description: "the product baton could not be built:\n\(result.logText)")
        }
        return artifact.url
    }

    /// The executable product that is meant.
    private static func product(_ chosen: String?, of package: Package) throws -> String {
        let names = package.products(ofType: ExecutableProduct.self).map(\.name).sorted()
        if let chosen {
            guard names.contains(chosen) else {
                throw Failure(
                    description: "--product \(chosen): \(package.displayName) has no such executable product, but: "
                        + (names.isEmpty ? "none" : names.joined(separator: ", "))
                )
            }
            return chosen
        }
        guard let name = names.first, names.count == 1 else {
            throw Failure(
                description: names.isEmpty
                    ? "\(package.displayName) has no executable product"
                    : "which product? give --product with one of: \(names.joined(separator: ", "))"
            )
        }
        return name
    }
}
