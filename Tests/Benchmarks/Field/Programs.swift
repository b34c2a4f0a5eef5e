import Foundation
import MachineKit
import SystemdTestKit

/// What the other servers need in the machine, besides Debian's packages.
enum Programs {
    static func copy(into machine: Machine) throws {
        try Binaries.copyStockServer(into: machine)
        try copy(SourceTree.path("Tests/Benchmarks/Others/server.psgi"), into: machine)
        try copy(SourceTree.path("Tests/Benchmarks/Others/nginx.conf"), into: machine)
        try copy(SourceTree.path("Tests/Benchmarks/Others/nginx-upgrade"), into: machine)
        guard let goServer = ProcessInfo.processInfo.environment["BATON_GO_SERVER"] else {
            throw MachineError("BATON_GO_SERVER is not set: run Tests/compare, which builds it and sets it")
        }
        try copy(goServer, into: machine)
    }

    private static func copy(_ file: String, into machine: Machine) throws {
        let name = URL(fileURLWithPath: file).lastPathComponent
        let place = machine.path("/usr/local/bin/\(name)")
        if FileManager.default.fileExists(atPath: place) { try FileManager.default.removeItem(atPath: place) }
        try FileManager.default.copyItem(atPath: file, toPath: place)
    }
}
