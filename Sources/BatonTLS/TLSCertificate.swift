internal import NIOCore
public import NIOSSL
internal import SystemPackage
internal import Systemd

/// A server's certificate from files that are read again on reload.
///
/// New connections get what was read last; connections that are open go on with what they have. Thread-safe.
///
/// Session tickets stay valid over a reload. They do not over a restart: their keys are made by BoringSSL for each context, and SwiftNIO's
/// NIOSSL has no public way to set or get them, so a client that comes back after a restart makes one full handshake. Nor can the state of
/// an open TLS connection leave the process: such connections are drained, not handed over.
public final class TLSCertificate: Sendable {
    /// A certificate and its key, fit to be used.
    public struct Loaded: Sendable {
        fileprivate let chain: [NIOSSLCertificateSource]
        fileprivate let key: NIOSSLPrivateKeySource
    }

    /// Larger files are no certificates.
    private static let longest = 1 << 20

    /// Where it is read from.
    public let files: TLSFiles
    private let first: Loaded
    /// What has been read since; nil for the first.
    private let current = Locked<NIOSSLContextConfigurationOverride?>(nil)

    /// Reads the files.
    ///
    /// - Throws: ``TLSFileError``.
    public init(_ files: TLSFiles) throws(TLSFileError) {
        self.files = files
        self.first = try Self.read(files)
    }

    /// Reads the files again; what cannot be used changes nothing.
    ///
    /// - Throws: ``TLSFileError``, which names the file.
    public func reload() throws(TLSFileError) {
        use(try read())
    }

    /// Reads the files, without using what they have: for a reload of several things that is to happen wholly or not at all.
    ///
    /// - Throws: ``TLSFileError``, which names the file.
    public func read() throws(TLSFileError) -> Loaded { try Self.read(files) }

    /// Uses a certificate for new connections.
    public func use(_ loaded: Loaded) {
        var override = NIOSSLContextConfigurationOverride()
        override.certificateChain = loaded.chain
        override.privateKey = loaded.key
        current.withLock { [override] in $0 = override }
    }

    /// The context of a server's TLS handlers, to be made once: it is expensive, and session tickets are valid in one context only.
    ///
    /// - Parameters:
    ///   - applicationProtocols: What is offered by ALPN, the best first, such as `h2` and `http/1.1`.
    ///   - configure: Changes the configuration beyond the certificate: versions of TLS, certificates of clients.
    /// - Throws: What NIOSSL throws for a configuration that cannot be.
    public func context(
        applicationProtocols: [String],
        configure: (inout TLSConfiguration) -> Void = { _ in }
    ) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: first.chain,
            privateKey: first.key
        )
        configuration.applicationProtocols = applicationProtocols
        // What comes after the time that a client has to answer close_notify anyway.
        configuration.shutdownTimeout = .milliseconds(100)
        configure(&configuration)
        configuration.sslContextCallback = { [self] _, promise in
            promise.succeed(current.withLock { $0 } ?? .noChanges)
        }
        return try NIOSSLContext(configuration: configuration)
    }

    private static func read(_ files: TLSFiles) throws(TLSFileError) -> Loaded {
        let (chainBytes, keyBytes) = (try contents(files.certificate), try contents(files.key))
        let chain: [NIOSSLCertificate]
        do {
            chain = try NIOSSLCertificate.fromPEMBytes(chainBytes)
        } catch {
            throw TLSFileError(path: files.certificate, "holds no certificate in PEM format (BEGIN CERTIFICATE)")
        }
        guard !chain.isEmpty else { throw TLSFileError(path: files.certificate, "holds no certificate") }
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(bytes: keyBytes, format: .pem)
        } catch {
            throw TLSFileError(path: files.key, "holds no private key in PEM format, or an encrypted one")
        }
        let loaded = Loaded(chain: chain.map { .certificate($0) }, key: .privateKey(key))
        do {
            _ = try NIOSSLContext(
                configuration: .makeServerConfiguration(certificateChain: loaded.chain, privateKey: loaded.key)
            )
        } catch {
            throw TLSFileError(
                path: files.key,
                "is not the key of the certificate in \(files.certificate), or of a kind that cannot be used: \(error)"
            )
        }
        return loaded
    }

    private static func contents(_ path: String) throws(TLSFileError) -> [UInt8] {
        do {
            let file = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec, .nonBlocking])
            return try file.closeAfter {
                var bytes = [UInt8](repeating: 0, count: 1 << 16)
                var all: [UInt8] = []
                while case let count = try bytes.withUnsafeMutableBytes({ try file.read(into: $0) }), count > 0 {
                    all += bytes[..<count]
                    guard all.count <= longest else {
                        throw TLSFileError(path: path, "is larger than \(longest) bytes, so it is no certificate")
                    }
                }
                return all
            }
        } catch let error as TLSFileError {
            throw error
        } catch {
            throw TLSFileError(path: path, "cannot be read: \(error)")
        }
    }
}
