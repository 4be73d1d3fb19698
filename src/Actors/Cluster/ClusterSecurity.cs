using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Event;
using Akka.Remote.Transport.DotNetty;
using NoProp.Models;

namespace NoProp.Actors.Cluster;

/// <summary>
/// Who may connect: both ends of every connection show a certificate, which must be a trusted one or be issued by one. Nothing else is
/// asked of it: nodes move between machines, so names are not compared, and its dates are checked by its own node at start
/// (<see cref="Load"/>) and by no other. A node that dials another one and refuses its certificate ends, by Akka's design; with dates in the
/// check, one certificate that expires in a running cluster would end every node that dials its owner. To shut a node out, take its
/// certificate off the trusted ones.
/// </summary>
public static class ClusterSecurity
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>What the transport needs.</summary>
    /// <param name="settings">Files.</param>
    /// <param name="now">The time now.</param>
    /// <exception cref="NoPropException">A file is missing, cannot be read, is protected by another password, or holds no valid certificate.</exception>
    public static DotNettySslSetup Load(TlsSettings settings, DateTimeOffset now)
    {
        X509Certificate2 own = Own(settings);
        CheckDates(own, settings.Certificate, now);
        CheckUse(own, settings.Certificate);
        X509Certificate2Collection trusted = [];
        foreach (string file in settings.Trusted)
        {
            trusted.AddRange(Trusted(file));
        }

        if (trusted.Count == 0)
        {
            trusted.Add(own);
        }

        if (!IsTrusted(own, [], trusted))
        {
            throw new NoPropException(
                $"the certificate in {settings.Certificate} is not among those in {string.Join(", ", settings.Trusted)} and not issued by one of them: "
                + "no other node with the same noprop.cluster.tls.trusted would let this one in; add it, or its authority's");
        }

        StrangerLog strangers = new(() => Stopwatch.GetElapsedTime(0));
        return new(
            own, suppressValidation: false, requireMutualAuthentication: true,
            (certificate, chain, peer, _, log) =>
            {
                bool known = certificate is not null && IsTrusted(certificate, chain?.ChainPolicy.ExtraStore ?? [], trusted);
                // A port is another one with every try.
                if (!known && strangers.Count($"{peer?.ToString()?.Split(':')[0]} {certificate?.Thumbprint}") is { } silent)
                {
                    string before = silent == 0 ? "" : $", for the {silent + 1}. time since this was last said";
                    log.Warning(
                        "A connection with {0} is refused{1}: {2}", peer, before, certificate is null ? "it has no certificate" : $"the certificate {certificate.Thumbprint} ({certificate.Subject}) is not trusted");
                }

                return known;
            });
    }

    private static bool IsTrusted(X509Certificate2 certificate, X509Certificate2Collection between, X509Certificate2Collection trusted)
    {
        if (trusted.Any(one => one.RawDataMemory.Span.SequenceEqual(certificate.RawDataMemory.Span)))
        {
            return true;
        }

        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(trusted);
        chain.ChainPolicy.ExtraStore.AddRange(between);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        return chain.Build(certificate);
    }

    private static X509Certificate2 Own(TlsSettings settings)
    {
        string? password = settings.PasswordFile is { } file ? Read(file, File.ReadLines).FirstOrDefault() : null;
        byte[] bytes = Read(settings.Certificate, File.ReadAllBytes);
        try
        {
            X509Certificate2 certificate = IsPem(bytes)
                ? FromPem(settings, password)
                : X509CertificateLoader.LoadPkcs12(bytes, password);
            return certificate.HasPrivateKey
                ? certificate
                : throw NoKey(settings.Certificate);
        }
        catch (CryptographicException e)
        {
            string cure = password is null
                ? "if it is protected, put its password into a file and name that in noprop.cluster.tls.password-file"
                : $"see that the password in {settings.PasswordFile} is the right one";
            throw new NoPropException($"the certificate in {settings.Certificate} cannot be read ({e.Message.TrimEnd('.')}): {cure}", e);
        }
        catch (ArgumentException e)
        {
            throw new NoPropException($"the key in {settings.Key ?? settings.Certificate} does not fit the certificate in {settings.Certificate} ({e.Message.TrimEnd('.')})", e);
        }
    }

    // TLS on Windows takes no key that was read from PEM, so the pair goes through PKCS#12 everywhere.
    private static X509Certificate2 FromPem(TlsSettings settings, string? password)
    {
        string holder = settings.Key ?? settings.Certificate;
        if (!Read(holder, File.ReadAllText).Contains("PRIVATE KEY-----", StringComparison.Ordinal))
        {
            throw NoKey(holder);
        }

        using X509Certificate2 pem = password is null
            ? X509Certificate2.CreateFromPemFile(settings.Certificate, settings.Key)
            : X509Certificate2.CreateFromEncryptedPemFile(settings.Certificate, password, settings.Key);
        return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), password: null);
    }

    private static NoPropException NoKey(string file) =>
        new($"{file} holds no private key: make the file with the certificate's key, or name the key's own file in noprop.cluster.tls.key");

    private static X509Certificate2Collection Trusted(string file)
    {
        byte[] bytes = Read(file, File.ReadAllBytes);
        try
        {
            X509Certificate2Collection certificates = [];
            if (IsPem(bytes))
            {
                certificates.ImportFromPem(System.Text.Encoding.ASCII.GetString(bytes));
            }
            else
            {
                certificates.Add(X509CertificateLoader.LoadCertificate(bytes));
            }

            return certificates.Count > 0 ? certificates : throw new NoPropException($"{file} holds no certificate: noprop.cluster.tls.trusted wants files in PEM or DER");
        }
        catch (CryptographicException e)
        {
            throw new NoPropException($"{file} holds no certificate that can be read: noprop.cluster.tls.trusted wants files in PEM or DER ({e.Message.TrimEnd('.')})", e);
        }
    }

    private static void CheckDates(X509Certificate2 certificate, string file, DateTimeOffset now)
    {
        if (now > certificate.NotAfter)
        {
            throw new NoPropException($"the certificate in {file} expired on {certificate.NotAfter:yyyy-MM-dd HH:mm}: renew it, here and where it is trusted");
        }

        if (now < certificate.NotBefore)
        {
            throw new NoPropException($"the certificate in {file} is valid from {certificate.NotBefore:yyyy-MM-dd HH:mm} only: check this machine's clock");
        }
    }

    // Each node is both ends of connections.
    private static void CheckUse(X509Certificate2 certificate, string file)
    {
        if (certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is { } usage)
        {
            string[] allowed = [.. usage.EnhancedKeyUsages.Cast<Oid>().Select(oid => oid.Value ?? "")];
            if (!allowed.Contains(ServerAuthentication) || !allowed.Contains(ClientAuthentication))
            {
                throw new NoPropException($"the certificate in {file} is not meant for both ends of a connection: issue it for server and client authentication");
            }
        }
    }

    private static bool IsPem(byte[] bytes) => bytes.AsSpan().IndexOf("-----BEGIN "u8) >= 0;

    private static T Read<T>(string file, Func<string, T> read)
    {
        try
        {
            return read(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NoPropException($"the file {file} cannot be read: {e.Message}", e);
        }
    }
}
