using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Event;
using Akka.Remote.Transport.DotNetty;
using NoProp.Actors.Cluster;
using NoProp.Models;
using NoProp.Models.Tests.Checkpoints;
using Xunit;

namespace NoProp.Actors.Tests.Cluster;

public sealed class ClusterSecurityTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_certificate_in_PKCS12_with_a_password_is_read()
    {
        using X509Certificate2 certificate = Certificates.SelfSigned("a");
        certificate.WritePkcs12(At("a.pfx"), "secret");
        File.WriteAllText(At("password.txt"), "secret\n");

        Assert.Equal(certificate.Thumbprint, Load(new(At("a.pfx"), null, At("password.txt"), [])));
    }

    [Fact]
    public void A_certificate_in_PEM_is_read_with_its_key_in_the_same_file_or_in_another()
    {
        using X509Certificate2 certificate = Certificates.SelfSigned("a");
        using ECDsa key = certificate.GetECDsaPrivateKey()!;
        certificate.WritePem(At("both.pem"), key: true);
        certificate.WritePem(At("bare.pem"));
        File.WriteAllText(At("key.pem"), key.ExportPkcs8PrivateKeyPem());

        Assert.Equal(certificate.Thumbprint, Load(new(At("both.pem"), null, null, [])));
        Assert.Equal(certificate.Thumbprint, Load(new(At("bare.pem"), At("key.pem"), null, [])));
    }

    [Fact]
    public void A_protected_key_in_PEM_is_read_with_its_password()
    {
        using X509Certificate2 certificate = Certificates.SelfSigned("a");
        using ECDsa key = certificate.GetECDsaPrivateKey()!;
        certificate.WritePem(At("bare.pem"));
        File.WriteAllText(At("key.pem"), key.ExportEncryptedPkcs8PrivateKeyPem("secret", new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)));
        File.WriteAllText(At("password.txt"), "secret");

        Assert.Equal(certificate.Thumbprint, Load(new(At("bare.pem"), At("key.pem"), At("password.txt"), [])));
    }

    [Fact]
    public void A_file_that_is_missing_is_named() =>
        Assert.StartsWith($"the file {At("none.pfx")} cannot be read: ", Refused(new(At("none.pfx"), null, null, [])), StringComparison.Ordinal);

    [Fact]
    public void A_wrong_password_names_certificate_and_password_file()
    {
        using X509Certificate2 certificate = Certificates.SelfSigned("a");
        certificate.WritePkcs12(At("a.pfx"), "secret");
        File.WriteAllText(At("password.txt"), "guess");

        string wrong = Refused(new(At("a.pfx"), null, At("password.txt"), []));
        string none = Refused(new(At("a.pfx"), null, null, []));

        Assert.StartsWith($"the certificate in {At("a.pfx")} cannot be read", wrong, StringComparison.Ordinal);
        Assert.EndsWith($"see that the password in {At("password.txt")} is the right one", wrong, StringComparison.Ordinal);
        Assert.EndsWith("name that in noprop.cluster.tls.password-file", none, StringComparison.Ordinal);
    }

    [Fact]
    public void An_expired_certificate_is_refused_with_its_date()
    {
        using X509Certificate2 certificate = Certificates.SelfSigned("a", TimeSpan.FromDays(-2), TimeSpan.FromDays(-1));

        Assert.Equal(
            $"the certificate in {certificate.WritePkcs12(At("a.pfx"))} expired on {certificate.NotAfter:yyyy-MM-dd HH:mm}: renew it, here and where it is trusted",
            Refused(new(At("a.pfx"), null, null, [])));
    }

    [Fact]
    public void A_certificate_of_tomorrow_is_refused()
    {
        using X509Certificate2 certificate = Certificates.SelfSigned("a", TimeSpan.FromDays(1), TimeSpan.FromDays(2));

        Assert.Contains("check this machine's clock", Refused(new(certificate.WritePkcs12(At("a.pfx")), null, null, [])), StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_without_its_key_is_refused()
    {
        using X509Certificate2 certificate = Certificates.SelfSigned("a");

        Assert.Contains("holds no private key", Refused(new(certificate.WritePem(At("a.pem")), null, null, [])), StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_of_another_certificate_is_refused()
    {
        using X509Certificate2 certificate = Certificates.SelfSigned("a");
        using X509Certificate2 other = Certificates.SelfSigned("b");
        certificate.WritePem(At("a.pem"));
        other.WritePem(At("b.pem"), key: true);

        Assert.StartsWith(
            $"the key in {At("b.pem")} does not fit the certificate in {At("a.pem")}", Refused(new(At("a.pem"), At("b.pem"), null, [])), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_certificate_is_refused()
    {
        using X509Certificate2 certificate = Certificates.SelfSigned("a");
        File.WriteAllText(At("text.pem"), "no certificate");

        Assert.StartsWith($"the certificate in {At("text.pem")} cannot be read", Refused(new(At("text.pem"), null, null, [])), StringComparison.Ordinal);
        Assert.StartsWith(
            $"{At("text.pem")} holds no certificate", Refused(new(certificate.WritePkcs12(At("a.pfx")), null, null, [At("text.pem")])), StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_that_may_serve_only_is_refused()
    {
        using X509Certificate2 authority = Certificates.Authority("authority");
        using X509Certificate2 certificate = Certificates.Issued(authority, "a", "1.3.6.1.5.5.7.3.1");

        Assert.EndsWith(
            "issue it for server and client authentication",
            Refused(new(certificate.WritePkcs12(At("a.pfx")), null, null, [authority.WritePem(At("authority.pem"))])),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_that_it_does_not_trust_itself_is_refused()
    {
        using X509Certificate2 own = Certificates.SelfSigned("a");
        using X509Certificate2 other = Certificates.SelfSigned("b");

        Assert.Contains(
            $"is not among those in {At("b.pem")}",
            Refused(new(own.WritePkcs12(At("a.pfx")), null, null, [other.WritePem(At("b.pem"))])),
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_certificate_of_a_peer_that_expires_while_the_cluster_runs_ends_no_connection()
    {
        using X509Certificate2 authority = Certificates.Authority("authority");
        using X509Certificate2 own = Certificates.Issued(authority, "a");
        using X509Certificate2 pinned = Certificates.SelfSigned("b", TimeSpan.FromDays(-2), TimeSpan.FromDays(-1));
        TlsSettings settings = new(own.WritePkcs12(At("a.pfx")), null, null, [authority.WritePem(At("authority.pem")), pinned.WritePem(At("b.pem"))]);

        CertificateValidationCallback trusts = ClusterSecurity.Load(settings, DateTimeOffset.Now).CustomValidator!;

        Assert.True(trusts(pinned, null, "b", SslPolicyErrors.RemoteCertificateChainErrors, NoLogger.Instance));
        Assert.False(trusts(null, null, "c", SslPolicyErrors.RemoteCertificateNotAvailable, NoLogger.Instance));
    }

    private string At(string name) => Path.Combine(folder.Path, name);

    private static string Load(TlsSettings settings) => ClusterSecurity.Load(settings, DateTimeOffset.Now).Certificate.Thumbprint;

    private static string Refused(TlsSettings settings) => Assert.Throws<NoPropException>(() => Load(settings)).Message;
}
