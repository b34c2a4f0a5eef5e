import BatonNIO
import HummingbirdCore
import Synchronization

/// Carries `ApplicationConfiguration.availableConnectionsDelegate` over to the accept loop.
final class ConnectionLimit: ConnectionAdmission {
    private let delegate: Mutex<any AvailableConnectionsDelegate>

    init(_ delegate: any AvailableConnectionsDelegate) {
        self.delegate = Mutex(delegate)
    }

    func mayAccept() -> Bool { delegate.withLock { $0.isAcceptingNewConnections() } }
    func opened() { delegate.withLock { $0.connectionOpened() } }
    func closed() { delegate.withLock { $0.connectionClosed() } }
}
