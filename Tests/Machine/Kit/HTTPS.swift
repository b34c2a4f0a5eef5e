import Foundation
public import SystemdTestKit

/// `app` with the socket unit and the drop-in for HTTPS that users install.
public struct HTTPSServer: Sendable {
    /// The service.
    public let server: Server
    /// Where its certificate is, as PEM, in the machine.
    public static let certificate = "/run/app-tls/tls.crt"
    /// Where its key is.
    public static let key = "/run/app-tls/tls.key"
    /// The TCP port.
    public static let port = 8443

    private var machine: Machine { server.machine }

    /// Installs it with a new certificate.
    ///
    /// - Parameters:
    ///   - machine: Where to.
    ///   - asCredentials: Whether systemd passes the certificate (`LoadCredential=`); else the program reads the files by their paths.
    ///   - dropIns: What else to change in the units.
    public static func install(
        in machine: Machine,
        asCredentials: Bool,
        dropIns: [DropIn] = []
    ) async throws -> HTTPSServer {
        let socket = try String(contentsOfFile: SourceTree.path("units/app-tls.socket"), encoding: .utf8)
        try socket.write(
            toFile: machine.path("/run/systemd/system/app-tls.socket"),
            atomically: true,
            encoding: .utf8
        )
        _ = try await machine.run("mkdir", "-p", "/run/app-tls")
        try await renew(in: machine, name: "first")
        var dropIn = try UnitPair.dropIn("tls.conf").replacingOccurrences(of: "/etc/app/", with: "/run/app-tls/")
        if !asCredentials { dropIn = dropIn.replacingOccurrences(of: "%d/", with: "/run/app-tls/") }
        let server = try await Server.install(.app(), in: machine, dropIns: [.service(dropIn)] + dropIns)
        return HTTPSServer(server: server)
    }

    /// Takes what ``install(in:asCredentials:)`` has added to the units away.
    public func remove() async throws {
        try await server.systemctl("stop")
        try await machine.check("systemctl", "stop", "app-tls.socket")
        try await server.removeDropIns()
        try FileManager.default.removeItem(atPath: machine.path("/run/systemd/system/app-tls.socket"))
        try await machine.check("systemctl", "daemon-reload")
    }

    /// Writes a certificate with that common name, and its key.
    public static func renew(in machine: Machine, name: String) async throws {
        let made = try await machine.runBeside(
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=\(name)",
            "-keyout",
            machine.path(key),
            "-out",
            machine.path(certificate)
        )
        guard made.status == 0 else { throw MachineError("openssl: \(made)") }
        _ = try await machine.run("chmod", "644", key, certificate)
    }

    /// The common name of the certificate that a new connection is shown.
    public func certificateName() async throws -> String {
        let shown = try await client(input: "")
        return shown.output.firstMatch(of: /subject=.*CN ?= ?([a-z]+)/).map { String($0.1) } ?? "none: \(shown)"
    }

    /// What `openssl s_client` writes when it is given that to send, and some options.
    public func client(input: String, _ options: [String] = []) async throws -> CommandResult {
        let command =
            "printf '\(input)' | timeout 20 openssl s_client -connect 127.0.0.1:\(Self.port) \(options.joined(separator: " "))"
        return try await machine.runBeside("bash", "-c", command)
    }
}
