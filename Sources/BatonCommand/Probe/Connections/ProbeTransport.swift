/// What carries the requests of one client: a connection of its own, or a stream on one that it shares. Only to be used on the
/// client's event loop; it tells the client what happens by `handle`.
protocol ProbeTransport: AnyObject {
    func connect()
    func write(_ part: ClientMachine.Part)
    /// Nothing that happens there concerns the client any more.
    func close()
    /// The same, and who closes first is the server.
    func leaveToServer()
    /// The client has finished.
    func end()
}
