internal import Logging

/// The metadata of one line: the logger's own, the metadata provider's and the call's; for the same key the latter wins.
struct LineMetadata {
    var own: Logger.Metadata = [:]
    var provided: Logger.Metadata = [:]
    var event: Logger.Metadata = [:]

    /// Goes through the values that count, in no order.
    @inline(__always)
    func forEach(_ body: (String, Logger.MetadataValue) -> Void) {
        for (key, value) in event { body(key, value) }
        for (key, value) in provided where event.isEmpty || event[key] == nil { body(key, value) }
        for (key, value) in own
        where (event.isEmpty || event[key] == nil) && (provided.isEmpty || provided[key] == nil) {
            body(key, value)
        }
    }

    /// The values that count, by key.
    var sorted: [(key: String, value: Logger.MetadataValue)] {
        own.merging(provided) { $1 }.merging(event) { $1 }.sorted { $0.key < $1.key }
    }
}
