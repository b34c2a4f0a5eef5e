/// What a protocol's handler tells the ``IdleDrainHandler`` before it, as an outbound user event: whether the connection is busy.
///
/// ```swift
/// context.triggerUserOutboundEvent(ConnectionWork.began, promise: nil)
/// ```
///
/// Each `began` is followed by one `ended`; several pieces of work may be under way. To be told on the event loop, by the handler
/// that reads the message: between a message that is read and a `began` that comes later, the connection looks idle.
public enum ConnectionWork: Sendable, Hashable {
    /// Something has been asked for.
    case began
    /// It has been done, and its answer written.
    case ended
}
