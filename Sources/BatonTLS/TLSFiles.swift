internal import Systemd

/// Where a server's certificate and its key are: two files in PEM format.
public struct TLSFiles: Sendable, Hashable {
    /// The path of the certificate, followed by the intermediate ones that clients need.
    public var certificate: String
    /// The path of its private key, not encrypted.
    public var key: String

    /// Names files by their paths.
    ///
    /// Paths that somebody renews by writing a new file, as an ACME client does, can be re-read with ``TLSCertificate/reload()``. The service
    /// must be allowed to read them.
    ///
    /// - Parameters:
    ///   - certificate: The path of the certificate chain.
    ///   - key: The path of the private key.
    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }

    /// Names credentials of the unit (`LoadCredential=NAME:PATH`, systemd.exec(5)).
    ///
    /// systemd reads them as root when it starts the service, and a `systemctl reload` does not read them again: a renewed certificate needs a
    /// `systemctl restart`, which loses nothing. From systemd 260 on, `RefreshOnReload=credentials` of the unit changes that.
    ///
    /// - Parameters:
    ///   - certificate: The name of the credential with the certificate chain.
    ///   - key: The name of the credential with the private key.
    /// - Throws: ``TLSFileError`` if the process was given no credentials.
    public static func credentials(certificate: String, key: String) throws(TLSFileError) -> TLSFiles {
        guard let folder = environmentValue("CREDENTIALS_DIRECTORY"), !folder.isEmpty else {
            throw TLSFileError(
                path: certificate,
                "CREDENTIALS_DIRECTORY is not set, so there are no credentials: "
                    + "LoadCredential=\(certificate):PATH in the unit passes this one"
            )
        }
        return TLSFiles(certificate: "\(folder)/\(certificate)", key: "\(folder)/\(key)")
    }
}
