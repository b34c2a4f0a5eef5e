internal import Logging
internal import Systemd

/// What the journal can be asked for: `journalctl MESSAGE_ID=…` finds an event, `journalctl -x` explains it (`units/baton.catalog`).
enum LifeEvent: String, CaseIterable, Sendable {
    /// Connections are accepted.
    case ready = "e2a214e8bbe94675ad52490575ffc53d"
    /// The drain has begun.
    case stopping = "03aa3897fcf446b6a86c39e8c7bb69f6"
    /// The program is to stop, and still serves new connections.
    case lameDuck = "5c22c46963e948fda4d4748ca3c77ebf"
    /// The drain is over, and every request was answered.
    case drained = "b2609a0bdd2b4550ac656018eee38dc1"
    /// What was left at the deadline was cut.
    case cut = "5bd0f521be84462bab9be05d0e8e2329"
    /// Connections have been given to the next process.
    case handedOver = "7ea3ef27e2e94528a4e0689e1888df20"
    /// Connections of an earlier process are served.
    case takenOver = "5c3981a844ab46d8ab81e5e0309e6043"
    /// The configuration has been read again.
    case reloaded = "0bcc0d1cd5a94145a9ba695ab78d8387"
    /// It could not be read again.
    case reloadFailed = "e08137f33a084ec9af95e90587134be1"
    /// No successor came to serve.
    case restartFailed = "6b8816776b5a4b73a94472d1a7d32946"

    /// The metadata of a line about it.
    var metadata: Logger.Metadata { ["event": .stringConvertible(JournalMessageID(rawValue))] }
}
