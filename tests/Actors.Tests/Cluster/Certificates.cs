using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NoProp.Actors.Tests.Cluster;

/// <summary>Certificates for tests.</summary>
internal static class Certificates
{
    public static X509Certificate2 SelfSigned(string name, TimeSpan? from = null, TimeSpan? to = null)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(DateTimeOffset.Now + (from ?? TimeSpan.FromDays(-1)), DateTimeOffset.Now + (to ?? TimeSpan.FromDays(1)));
    }

    public static X509Certificate2 Authority(string name)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        return request.CreateSelfSigned(DateTimeOffset.Now.AddDays(-1), DateTimeOffset.Now.AddDays(1));
    }

    public static X509Certificate2 Issued(X509Certificate2 authority, string name, params string[] uses)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        if (uses.Length > 0)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. uses.Select(use => new Oid(use))], critical: false));
        }

        using X509Certificate2 bare = request.Create(authority, authority.NotBefore, authority.NotAfter, RandomNumberGenerator.GetBytes(8));
        return bare.CopyWithPrivateKey(key);
    }

    public static string WritePkcs12(this X509Certificate2 certificate, string path, string? password = null)
    {
        File.WriteAllBytes(path, certificate.Export(X509ContentType.Pkcs12, password));
        return path;
    }

    public static string WritePem(this X509Certificate2 certificate, string path, bool key = false)
    {
        using ECDsa? secret = key ? certificate.GetECDsaPrivateKey() : null;
        File.WriteAllText(path, certificate.ExportCertificatePem() + "\n" + secret?.ExportPkcs8PrivateKeyPem());
        return path;
    }
}
