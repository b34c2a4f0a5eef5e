import BatonNIO
import HummingbirdCore
import Systemd

/// Carries `ApplicationConfiguration.availableConnectionsDelegate` over to the accept loop.
final class ConnectionLimit: ConnectionAdmission {
    private let delegate: Locked<any AvailableConnectionsDelegate>

    init(_ delegate: any AvailableConnectionsDelegate) {
        self.delegate = Locked(delegate)
    }

    func mayAccept() -> Bool { delegate.withLock { $0.isAcceptingNewConnections() } }
    func opened() { delegate.withLock { $0.connectionOpened() } }
    func closed() { delegate.withLock { $0.connectionClosed() } }
}
