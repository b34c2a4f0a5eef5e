import ArgumentParser
import Baton
import Foundation

/// `baton kill`: ends `baton run` and its generations at once.
struct KillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill",
        abstract: "Kill baton run and its generations: nothing drains. Return when all have ended.",
        discussion: """
            For when nothing else helps, also if it hangs; what is under way is lost. baton stop is what is usually meant.

              baton kill --pid-file /run/server.pid

            EXIT STATUS
              0    all have ended
              1    one has not within --timeout, or it does not run;
                   standard error says which
              64   wrong usage
            """
    )

    @OptionGroup var manager: ManagerOptions

    func run() throws {
        try manager.reporting(as: "kill") {
            let running = try manager.manager()
            try running.kill(with: workers(of: running), within: manager.timeout)
        }
    }

    /// Its children that are generations; to be held on to before it ends, as others may get their numbers.
    private func workers(of running: RunningManager) -> [ProcessHandle] {
        let log = status(of: running)?.log
        return ProcessTree.children(of: running.pid).filter { $0.name != Warden.name && $0.pid != log }
            .map { ProcessHandle($0.pid) }.filter { ProcessTree.parent(of: $0.pid) == running.pid }
    }

    /// What it says itself, which tells the command that reads its log from its workers. One that hangs says nothing.
    private func status(of running: RunningManager) -> StatusLine? {
        // Of the time that there is, the better half is for their end.
        let patience = min(5, (manager.timeout ?? 10) / 2)
        guard let path = manager.control ?? running.controlPath,
            case .said(let text) = ControlQuestion.ask(ControlProtocol.status, at: path, timeout: patience)
        else { return nil }
        return try? JSONDecoder().decode(StatusLine.self, from: Data(text.utf8))
    }
}
