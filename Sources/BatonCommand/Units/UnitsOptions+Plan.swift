import ArgumentParser
import Foundation
import Systemd

extension UnitsOptions {
    /// The plan, or what was wrong with the options.
    func plan(_ program: [String]) throws -> UnitsPlan {
        guard let first = program.first, !first.isEmpty else {
            throw ValidationError("which program? put it, and its arguments, behind --")
        }
        if let bad = program.first(where: { $0.contains("\0") || $0.contains("\n") || $0.contains("\r") }) {
            throw ValidationError("'\(bad)': an argument in a unit is in one line")
        }
        let path = try Self.absolutePath(first)
        let name = try validName(self.name ?? String(path.split(separator: "/").last ?? ""))
        if noNotify, kind != .supervised {
            throw ValidationError(
                "--no-notify with --kind \(kind.rawValue): nobody would tell when it is ready; with --kind supervised baton run does"
            )
        }
        if foreign, kind == .supervised {
            throw ValidationError(
                "--foreign with --kind supervised: leave it out, baton run asks nothing of a program but READY=1, and with "
                    + "--no-notify not that either"
            )
        }
        if kind == .template, !user, hardening != .none { try Self.checkUser(name) }
        let drain = try self.drain(program)
        let plan = UnitsPlan(
            name: name,
            description: try oneLine(description ?? Self.description(kind), "--description"),
            kind: kind,
            isUser: user,
            systemd: try version(),
            hardening: hardening,
            sockets: try sockets(name),
            command: [path] + program.dropFirst(),
            speaks: !noNotify,
            isBatons: !foreign,
            baton: try Self.absolutePath(baton, option: "--baton"),
            runtimeDirectory: try folder(runtimeDirectory ?? name, "--runtime-directory"),
            stateDirectory: try stateDirectory.map { try folder($0, "--state-directory") },
            memoryMax: try memoryMax.map(Self.memory),
            drainSeconds: drain,
            lameDuckSeconds: try Self.lameDuck(program)
        )
        try refuseSocketsInRuntimeDirectory(plan)
        return plan
    }

    /// The name that is meant where there is no program.
    func nameAlone() throws -> String {
        guard let name else { throw ValidationError("--uninstall: which units? give --name") }
        return try validName(name)
    }

    private static func description(_ kind: UnitsPlan.Kind) -> String {
        kind == .supervised
            ? "Server that is restarted without waiting for its requests"
            : "Server that is restarted without losing a request"
    }

    private func validName(_ name: String) throws -> String {
        guard !name.contains("@"), let unit = UnitName("\(name).service"), unit.stem == name, name.utf8.count < 200
        else {
            throw ValidationError("--name '\(name)': letters, digits and : - _ . make the name of a unit, as in app")
        }
        return name
    }

    /// Instances of a template share a user, who is called like it (systemd's syntax of names of users, the strict one).
    private static func checkUser(_ name: String) throws {
        let isRight =
            name.utf8.count <= 31 && name.first.map { $0.isLetter || $0 == "_" } ?? false
            && !name.contains { $0 == "." || $0 == ":" }
        guard isRight else {
            throw ValidationError(
                "--name '\(name)': the instances of a template share a user of that name, and a user's name has letters, digits, - and "
                    + "_, no digit at the beginning, and 31 bytes at most; give another --name, or --hardening none"
            )
        }
    }

    private func version() throws -> Int {
        let version = systemd ?? Systemctl.installedVersion ?? 252
        guard (247...9999).contains(version) else {
            throw ValidationError(
                "--systemd \(version): it is a version from 247 on; older ones do not know what the units say"
            )
        }
        return version
    }

    private func sockets(_ name: String) throws -> [SocketPlan] {
        let options: [ListenOption]
        do throws(ListenOption.Malformed) {
            var all: [ListenOption] = []
            for port in ports { all.append(try .port(port)) }
            for path in paths { all.append(try .path(path)) }
            options = all
        } catch { throw ValidationError(error.description) }
        guard !options.isEmpty else { throw ValidationError("where does it listen? give --port or --path") }
        for (index, option) in options.enumerated()
        where options[..<index].contains(where: { $0.address == option.address }) {
            throw ValidationError("\(option.address) is given twice; a socket has one name")
        }
        return ListenOption.sockets(of: options, named: name)
    }

    private func drain(_ program: [String]) throws -> Int {
        let own = try ServiceProgram.value(of: "--drain-timeout", in: program)
            .map { try Self.seconds($0, "--drain-timeout of the program") }
        guard let drainTimeout else { return own ?? 30 }
        let told = try Self.seconds(drainTimeout, "--drain-timeout")
        if let own, told < own {
            throw ValidationError("--drain-timeout \(drainTimeout): the program is told that it has longer, \(own) s")
        }
        return told
    }

    private static func lameDuck(_ program: [String]) throws -> Int {
        guard let text = ServiceProgram.value(of: "--lame-duck", in: program) else { return 0 }
        return try seconds(text, "--lame-duck of the program", from: 0)
    }

    /// Whole seconds, rounded up.
    private static func seconds(_ text: String, _ origin: String, from least: Int = 1) throws -> Int {
        guard case .finite(let span) = TimeSpan(text), (.seconds(least)...Duration.seconds(86_400)).contains(span)
        else {
            throw ValidationError("\(origin) '\(text)': it is a time from \(least) s to a day, as in 30, 45s, 1m30s")
        }
        let (seconds, fraction) = span.components
        return Int(seconds) + (fraction > 0 ? 1 : 0)
    }

    private func folder(_ text: String, _ option: String) throws -> String {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let isRight =
            !text.isEmpty && parts.allSatisfy { !["", ".", ".."].contains($0) }
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !"%:\"'\\".utf8.contains($0) }
        guard isRight else {
            throw ValidationError("\(option) '\(text)': a relative path without spaces, as in app")
        }
        return text
    }

    private func oneLine(_ text: String, _ option: String) throws -> String {
        guard !text.isEmpty, !text.contains(where: { $0.isNewline || $0 == "\0" }), !text.hasSuffix("\\") else {
            throw ValidationError("\(option) '\(text)': it is one line of text")
        }
        return text
    }

    private static func memory(_ text: String) throws -> String {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let (number, unit) = (Int(digits) ?? 0, text.dropFirst(digits.count))
        guard number > 0, ["", "K", "M", "G", "T", "%"].contains(unit), unit != "%" || number <= 100 else {
            throw ValidationError(
                "--memory-max '\(text)': it is a number of bytes, with K, M, G, T, or % of all memory, up to 100%"
            )
        }
        return text
    }

    private func refuseSocketsInRuntimeDirectory(_ plan: UnitsPlan) throws {
        guard plan.hasControlSocket else { return }
        let parents = user ? [environmentValue("XDG_RUNTIME_DIR") ?? "/run/user/0"] : ["/run", "/var/run"]
        let starts = parents.map { "\($0)/\(plan.runtimeDirectory)" + (kind == .template ? "-" : "/") }
        for address in plan.sockets.flatMap(\.addresses) {
            guard let start = starts.first(where: address.hasPrefix),
                kind != .template || address.dropFirst(start.count).contains("/")
            else { continue }
            throw ValidationError(
                "--path \(address): it is in the runtime directory of the service, which is deleted when that stops; take another "
                    + "path, or another --runtime-directory"
            )
        }
    }

    /// The program as a unit needs it: from the working directory, or looked up in `PATH`.
    private static func absolutePath(_ path: String, option: String? = nil) throws -> String {
        if path.hasPrefix("/") { return path }
        let here = FileManager.default.currentDirectoryPath
        if path.contains("/") {
            return URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: "\(here)/")).standardized.path
        }
        for folder in (environmentValue("PATH") ?? "").split(separator: ":") where folder.hasPrefix("/") {
            let candidate = "\(folder)/\(path)"
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        }
        throw ValidationError("\(option ?? "the program") '\(path)' is not in PATH; give its absolute path")
    }
}
