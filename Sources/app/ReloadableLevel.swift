import Logging

/// A log handler whose level follows the settings, unless somebody has set one for its logger.
struct ReloadableLevel<Handler: LogHandler>: LogHandler {
    private var handler: Handler
    private var override: Logger.Level?
    private let settings: Settings

    init(_ handler: Handler, settings: Settings) {
        self.handler = handler
        self.handler.logLevel = .trace
        self.settings = settings
    }

    var logLevel: Logger.Level {
        get { override ?? settings.logLevel }
        set { override = newValue }
    }

    var metadata: Logger.Metadata {
        get { handler.metadata }
        set { handler.metadata = newValue }
    }

    var metadataProvider: Logger.MetadataProvider? {
        get { handler.metadataProvider }
        set { handler.metadataProvider = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { handler[metadataKey: key] }
        set { handler[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) { handler.log(event: event) }
}
