using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NoProp.Host.Tests.Processes;
using Xunit;

namespace NoProp.Host.Tests.Cluster;

/// <summary>Nodes with certificates of one authority train together, and nobody else with them.</summary>
public sealed class ClusterTlsTests : IDisposable
{
    // These processes live for seconds: code that is compiled twice costs less than code that is compiled well.
    private static readonly Dictionary<string, string> QuickStart = new() { ["DOTNET_TieredCompilation"] = "1" };

    private readonly TempFolder folder = new();

    [Fact]
    public async Task Nodes_of_one_authority_train_while_a_stranger_is_refused()
    {
        MakeCertificates("trainer", "ada", "bob", "client");
        using NopropProcess trainer = Start("trainer", "node", "--role", "trainer");
        string address = (await trainer.LineAsync("127.0.0.1:")).Split(' ')[0];
        using NopropProcess ada = Start("ada", "node", "--role", "worker", "--name", "ada", "--slots", "1", "--join", address);
        using NopropProcess bob = Start("bob", "node", "--role", "worker", "--name", "bob", "--slots", "1", "--join", address);
        await Task.WhenAll(ada.LineAsync("worker ada"), bob.LineAsync("worker bob"));
        // It knocks while they train, and longer; it gives up after 20 base times.
        using NopropProcess stranger = NopropProcess.Start(folder.Path, QuickStart, "node", "--role", "worker", "--join", address, "--base-time", "500ms");

        ProcessResult trained = await RunAsync("train", "--join", address, "--blocks", "2", "--epochs", "3", "--train-limit", "300", "--plain");
        ProcessResult refused = await stranger.EndAsync();
        ProcessResult status = await RunAsync("status", "--join", address);

        Assert.Contains("\ndone: ", trained.Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains("has a certificate if this node has one", refused.SingleError(1), StringComparison.Ordinal);
        Assert.Equal(["trainer, voter", "worker", "worker"], Members(status.Succeeded().Output));
    }

    [Theory]
    [InlineData("node")]
    [InlineData("status")]
    public async Task An_address_that_other_machines_reach_needs_a_certificate(string verb)
    {
        ProcessResult result = await NopropProcess.RunAsync(folder.Path, verb, "--join", "192.0.2.1:4053", "--set", "noprop.cluster.host=192.0.2.2");

        Assert.Contains("other machines reach this address: set noprop.cluster.tls.certificate", result.SingleError(2), StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    // Roles of those that are no clients.
    private static IEnumerable<string> Members(string status) =>
        status.Split('\n').Select(line => line.Split('│', StringSplitOptions.TrimEntries)).Where(cells => cells.Length == 5 && cells[3] == "up" && cells[2] != "client")
            .Select(cells => cells[2]).Order(StringComparer.Ordinal);

    private async Task<ProcessResult> RunAsync(params string[] arguments)
    {
        using NopropProcess client = Start("client", arguments);
        return await client.EndAsync();
    }

    private NopropProcess Start(string node, params string[] arguments) => NopropProcess.Start(
        folder.Path,
        QuickStart,
        [
            .. arguments, "--tls-certificate", folder[$"{node}.pem"], "--tls-key", folder[$"{node}.key"], "--tls-trusted", folder["authority.pem"],
        ]);

    private void MakeCertificates(params string[] names)
    {
        using ECDsa authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=authority", authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        using X509Certificate2 authority = request.CreateSelfSigned(DateTimeOffset.Now.AddDays(-1), DateTimeOffset.Now.AddDays(1));
        File.WriteAllText(folder["authority.pem"], authority.ExportCertificatePem());
        foreach (string name in names)
        {
            using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using X509Certificate2 certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256)
                .Create(authority, authority.NotBefore, authority.NotAfter, RandomNumberGenerator.GetBytes(8));
            File.WriteAllText(folder[$"{name}.pem"], certificate.ExportCertificatePem());
            File.WriteAllText(folder[$"{name}.key"], key.ExportPkcs8PrivateKeyPem());
        }
    }
}
