import Logging
import Systemd

/// What can change while the program runs: the settings that the last reload has read.
final class Settings: Sendable {
    private let path: String?
    private let current = Locked(AppConfiguration())

    /// The defaults, until the first ``reload()``.
    ///
    /// - Parameter path: The file of `--config`, or nil for the defaults.
    init(path: String?) {
        self.path = path
    }

    var greeting: String { current.withLock { $0.greeting } }
    var logLevel: Logger.Level { current.withLock { $0.logLevel } }

    /// Reads the file; one that cannot be used changes nothing.
    func reload() throws(AppConfiguration.Failure) {
        guard let path else { return }
        let configuration = try AppConfiguration.read(path)
        current.withLock { $0 = configuration }
    }
}
