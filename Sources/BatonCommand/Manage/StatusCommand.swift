import ArgumentParser
import Baton
import Foundation

/// `baton status`: what `baton run` holds, and which generations there are.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the sockets and generations of baton run.",
        discussion: """
              baton status --pid-file /run/server.pid
              baton status --pid-file /run/server.pid --json

            EXIT STATUS
              0    a generation serves
              1    it runs, and none serves
              3    it does not run; standard error says why
              4    whether it runs is not known, or it does and does not answer;
                   standard error says which
              64   wrong usage
            """
    )

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "As JSON, in one line.")
    var json = false

    func run() throws {
        let answer: (line: String, status: StatusLine)
        do { answer = try ask() } catch let failure as RunningManager.Failure {
            var lines = ErrorLines()
            lines.write("baton status: \(failure)", isError: true)
            throw ExitCode(failure.isGone ? 3 : 4)
        }
        print(json ? answer.line : answer.status.text)
        if !answer.status.generations.contains(where: { $0.state == "serving" }) { throw ExitCode.failure }
    }

    private func ask() throws -> (line: String, status: StatusLine) {
        let path = try manager.controlPath()
        let line: String
        switch ControlQuestion.ask(ControlProtocol.status, at: path, timeout: manager.timeout) {
        case .said(let text): line = text
        case .done: line = ""
        case .failed(let reason):
            // Of one that is known by its pid file, somebody holds the lock.
            let isKnown = manager.control == nil && manager.pidFile != nil
            throw RunningManager.Failure(reason, isGone: !isKnown && DesertedSocket.isOne(path))
        }
        guard let status = try? JSONDecoder().decode(StatusLine.self, from: Data(line.utf8)) else {
            throw RunningManager.Failure("the answer is not understood: '\(line)'; is it another version of baton?")
        }
        return (line, status)
    }
}

extension StatusLine {
    /// For people.
    var text: String {
        var lines = ["baton run, process \(pid), for \(Self.time(age)): \(command.joined(separator: " "))"]
        lines += sockets.map { "  holds \($0)" }
        lines.append(
            "  \(restarts) restart\(restarts == 1 ? "" : "s")"
                + (lastFailure.map { "; the last one failed: \($0)" } ?? "")
        )
        for member in generations {
            lines.append(
                "  generation \(member.generation)  process \(member.pid)  \(member.state)  for \(Self.time(member.age))"
            )
        }
        return lines.joined(separator: "\n")
    }

    private static func time(_ seconds: Double) -> String {
        // Whatever the other side says.
        let seconds = min(max(seconds, 0), 1e12)
        return switch seconds {
        case ..<60: "\(Duration.milliseconds(Int64(seconds * 10) * 100).seconds) s"
        case ..<3600: "\(Int(seconds) / 60) min"
        case ..<172_800: "\(Int(seconds) / 3600) h"
        default: "\(Int(seconds) / 86_400) days"
        }
    }
}
