import ArgumentParser
import Baton
import Foundation

/// `baton kill`: ends `baton run` and its generations at once.
struct KillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill",
        abstract: "Kill baton run and its generations: nothing drains. Return when all have ended.",
        discussion: """
            For when nothing else helps; what is under way is lost. baton stop is what is usually meant.

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
            let workers = Self.workers(of: running)
            try running.end(by: Signal.kill.number, within: manager.timeout)
            for process in workers where process.signal(Signal.kill.number) {
                let deadline = manager.timeout.map { ContinuousClock.now + .seconds($0) }
                guard process.waitForEnd(until: deadline) else {
                    throw RunningManager.Failure(
                        "worker \(process.pid) has not ended within \(manager.timeout ?? 0) s (--timeout)"
                    )
                }
            }
        }
    }

    /// Its children that are generations, as it says itself; to be held on to before it ends, as others may get their numbers.
    private static func workers(of manager: RunningManager) -> [ProcessHandle] {
        guard let path = manager.controlPath,
            case .said(let text) = ControlQuestion.ask(ControlProtocol.status, at: path, timeout: 5),
            let status = try? JSONDecoder().decode(StatusLine.self, from: Data(text.utf8))
        else { return [] }
        return status.generations.map { ProcessHandle($0.pid) }.filter { ProcessTree.parent(of: $0.pid) == manager.pid }
    }
}
